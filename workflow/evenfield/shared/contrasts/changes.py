"""How much a group contrast changes from one span of years to another: both spans as one
regression, a unit as one cluster, the labels of both dealt out together.
"""

from dataclasses import dataclass, replace

import numpy as np

from evenfield.numerics.inference.cluster_robust import encoded, in_order
from evenfield.numerics.inference.methods import (
    Design,
    Tested,
    few_cluster_weights,
    infer,
)
from evenfield.numerics.label_change import Span, label_change, stacked_change
from evenfield.shared.contrasts.contrasts import (
    SUFFIXES,
    ContrastSettings,
    filled,
    not_defined,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.prepared_contrasts import (
    GroupContrast,
    PreparedContrast,
    prepare_contrast,
)
from evenfield.shared.contrasts.sections import Geography, Section
from evenfield.shared.estimates import CHANGE, Estimate, change_period
from evenfield.shared.few_units import beside, carrier_fields

# ASSUME: the cluster jackknife by unit decides a change, for SCPC knows one row a unit;
# Conley's kernel over both spans lets neighbours share shocks.
CONLEY = "conley_all_dates"
PRINTED = ("CR3", "wild33", CONLEY)
CUTOFF_KM = 800.0
RELABELLED = ("randomisation", "randomisation_stratified")
CHANGE_SUFFIXES = SUFFIXES | {CONLEY: "conley"}


@dataclass(frozen=True, kw_only=True)
class ChangeDesign(Design):
    """Two spans as one regression; the labels of both may be dealt out together."""

    spans: tuple[Span, Span]
    geography: Geography

    def permuted(  # the spans hold their combinations, and there is no interval
        self,
        c: np.ndarray,  # noqa: ARG002
        level: float,  # noqa: ARG002
        scheme: str,
    ) -> Tested:
        """Test by permuting the rows of labels of both spans alike."""
        test = label_change(*self.spans, self.geography.draws(scheme))
        return Tested(
            estimate=test.estimate,
            p_value=test.p_value,
            p_type=f"{scheme} permutation of labels, {test.distinct} patterns",
        )


def change_rows(
    first: GroupContrast,
    later: GroupContrast,
    geographies: Geographies,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Return the change of a contrast from one span to another, by the jackknife by unit
    and by the methods that must agree with it.
    """
    prepared = [prepare_contrast(part, geographies) for part in (first, later)]
    row = _empty_row(first.row, later.row)
    reasons = [part.reason for part in prepared if part.reason]
    one, two = (part.section for part in prepared)
    if list(one.units) != list(two.units):
        reasons.append("not defined: the spans have different units")
    if reasons:
        return [not_defined(row, reasons[0])]
    design = _design(row, prepared, settings)
    names = list(RELABELLED)
    # Few treated units leave relabelling alone, as in each span.
    if not (one.few or two.few):
        known = design.geography.locations.known
        names = [n for n in PRINTED if known or n != CONLEY] + names
    c = np.concatenate([-one.contrast, two.contrast])
    row = replace(
        row,
        **carrier_fields(design.fit.X, np.concatenate([one.units, two.units]), c),
        n_obs=len(design.fit.y),
        n_units=len(one.units),
        n_periods=2,
        n_treated=min(one.treated, two.treated),
        controls_id=prepared[0].counts["controls_id"],
    )
    deciding, *others = names
    level = settings.level
    rows = [filled(row, infer(deciding, design, c, level), level)]
    for name in others:
        other = beside(row, name, CHANGE_SUFFIXES)
        rows.append(filled(other, infer(name, design, c, level), level))
    return rows


def _empty_row(first: Estimate, later: Estimate) -> Estimate:
    bases = {first.output_basis, later.output_basis}
    return replace(
        first,
        role="robustness",
        estimator=first.estimator + CHANGE,
        period=change_period(first.period, later.period),
        output_basis=bases.pop() if len(bases) == 1 else "spliced",
        warning="",
    )


def _design(
    row: Estimate, prepared: list[PreparedContrast], settings: ContrastSettings
) -> ChangeDesign:
    one, two = (part.section for part in prepared)
    spans = (_span(one), _span(two))
    named = (row.spec_id, row.outcome, row.term, row.contrast, row.sample_id)
    dates = np.repeat([0, 1], [len(one.units), len(two.units)])
    return ChangeDesign(
        fit=stacked_change(*spans)[0],
        units=in_order(np.concatenate([one.units, two.units])),
        dates=encoded(dates),
        locations=prepared[0].geography.locations,
        draws=settings.permutations,
        seed=settings.seed,
        stream=":".join(["wild", *named, row.period]),
        wild_weights=few_cluster_weights(len(one.units)),
        effective_df=True,
        cutoff_km=CUTOFF_KM,
        lags=0,
        power=settings.power,
        spans=spans,
        geography=prepared[0].geography,
    )


def _span(section: Section) -> Span:
    return Span(
        y=section.y,
        labels=section.labels,
        controls=section.controls,
        c=section.c,
        label_design=section.label_design,
    )
