"""How much a group contrast changes from one span of years to another: both spans as one
regression, the two rows of a unit one cluster, the labels of both spans dealt out together.
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
from evenfield.numerics.ols import OlsFit
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
from evenfield.shared.contrasts.sections import Geography
from evenfield.shared.estimates import CHANGE, Estimate, change_period
from evenfield.shared.few_units import beside, carrier_fields

# ASSUME: the cluster jackknife by unit decides a change. SCPC, which decides the contrast
# of one span, is made for one observation of each place, and here each unit has two: one
# in either span. Conley's kernel over both spans lets neighbours share shocks.
CONLEY = "conley_all_dates"
PRINTED = ("CR3", "wild33", CONLEY)  # the deciding method first
CUTOFF_KM = 800.0  # of Conley's kernel
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
    prepared_first = prepare_contrast(first, geographies)
    prepared_later = prepare_contrast(later, geographies)
    empty = _empty_row(first.row, later.row)
    reason = _undefined(prepared_first, prepared_later)
    if reason:
        return [not_defined(empty, reason)]
    geography = prepared_first.geography
    sections = (prepared_first.section, prepared_later.section)
    fit, c = stacked_change(*sections)
    units = np.concatenate([section.units for section in sections])
    design = _design(empty, fit, units, sections, geography, settings)
    row = replace(
        empty,
        **carrier_fields(fit.X, units, c),
        n_obs=len(fit.y),
        n_units=len(sections[0].units),
        n_periods=2,
        # Those of the span that has fewer.
        n_treated=min(section.treated for section in sections),
        controls_id=prepared_first.counts["controls_id"],
    )
    few = any(section.few for section in sections)
    level = settings.level
    deciding, *others = _methods(few=few, located=geography.locations.known)
    rows = [filled(row, infer(deciding, design, c, level), level)]
    for name in others:
        other = beside(row, name, CHANGE_SUFFIXES)
        rows.append(filled(other, infer(name, design, c, level), level))
    return rows


def _undefined(first: PreparedContrast, later: PreparedContrast) -> str:
    """Return why there is no change between two spans, or nothing."""
    if first.reason or later.reason:
        return first.reason or later.reason
    if list(first.section.units) != list(later.section.units):
        return "not defined: the spans have different units"
    return ""


def _methods(*, few: bool, located: bool) -> tuple[str, ...]:
    """Return the methods of a change, the deciding one first; ``located`` units have
    coordinates.
    """
    # Few treated units leave permutation alone, as in each span.
    if few:
        return RELABELLED
    by_errors = tuple(name for name in PRINTED if located or name != CONLEY)
    return (*by_errors, *RELABELLED)


def _empty_row(first: Estimate, later: Estimate) -> Estimate:
    """Return the row of a change without its numbers."""
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
    row: Estimate,
    fit: OlsFit,
    units: np.ndarray,
    spans: tuple[Span, Span],
    geography: Geography,
    settings: ContrastSettings,
) -> ChangeDesign:
    """Return both spans as one design; units of all rows, of the first span first."""
    clusters = in_order(units)
    span_of_row = np.repeat([0, 1], [len(span.y) for span in spans])
    row_id = (row.spec_id, row.outcome, row.term, row.contrast, row.sample_id)
    return ChangeDesign(
        fit=fit,
        units=clusters,
        dates=encoded(span_of_row),
        locations=geography.locations,
        draws=settings.permutations,
        seed=settings.seed,
        stream=":".join(["wild", *row_id, row.period]),
        wild_weights=few_cluster_weights(len(clusters.names)),
        effective_df=True,
        cutoff_km=CUTOFF_KM,
        lags=0,
        power=settings.power,
        spans=spans,
        geography=geography,
    )
