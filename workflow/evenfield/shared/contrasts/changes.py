"""How much a group contrast changes from one span of years to another: both spans as one
regression, the two rows of a unit one cluster, the labels of both spans dealt out together.
"""

from dataclasses import dataclass, replace

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded, in_order
from evenfield.numerics.inference.methods import (
    Design,
    Tested,
    few_cluster_weights,
    infer,
)
from evenfield.numerics.label_change import label_change, stacked_change
from evenfield.numerics.ols import OlsFit
from evenfield.shared.contrasts.contrasts import SUFFIXES, filled, not_defined
from evenfield.shared.contrasts.designs import (
    ContrastDesign,
    GroupContrast,
    contrast_design,
    relabelled,
)
from evenfield.shared.contrasts.geographies import Geographies
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

    first: ContrastDesign
    later: ContrastDesign

    @property
    def few(self) -> bool:
        """Whether too few units are treated in a span for anything but permutation."""
        return self.first.few or self.later.few

    def permuted(  # the spans hold their combinations, and there is no interval
        self,
        c: np.ndarray,  # noqa: ARG002
        level: float,  # noqa: ARG002
        scheme: str,
    ) -> Tested:
        """Test by permuting the rows of labels of both spans alike."""
        draws = self.first.label_draws(scheme)
        spans = self.first.regression, self.later.regression
        return relabelled(label_change(*spans, draws), scheme)


def change_rows(
    first: GroupContrast, later: GroupContrast, geographies: Geographies
) -> list[Estimate]:
    """Return the change of a contrast from one span to another, by the jackknife by unit
    and by the methods that must agree with it.
    """
    empty = _empty_row(first.row, later.row)
    try:
        design, c = change_design(first, later, geographies)
    except NumericsError as error:
        return [not_defined(empty, error)]
    one, two, fit = design.first, design.later, design.fit
    units = np.tile(one.units.names, 2)
    row = replace(
        empty,
        **carrier_fields(fit.X, units, c, fit.bread),
        n_obs=len(fit.y),
        n_units=len(one.units.names),
        n_periods=2,
        # Those of the span that has fewer.
        n_treated=min(one.treated, two.treated),
        controls_id=first.controls_id,
    )
    level = geographies.inference.level
    deciding, *others = _methods(design)
    rows = [filled(row, infer(deciding, design, c, level), level)]
    for name in others:
        other = beside(row, name, CHANGE_SUFFIXES)
        rows.append(filled(other, infer(name, design, c, level), level))
    return rows


def change_design(
    first: GroupContrast, later: GroupContrast, geographies: Geographies
) -> tuple[ChangeDesign, np.ndarray]:
    """Return both spans as one regression, with the weights of the change, (K,).

    Raises
    ------
    NumericsError
        If the contrast of a span is not defined, or the spans have different units.
    """
    one, two = (contrast_design(span, geographies) for span in (first, later))
    if list(one.units.names) != list(two.units.names):
        raise NumericsError("the spans have different units")
    fit, c = stacked_change(one.regression, two.regression)
    return _design(_empty_row(first.row, later.row), fit, one, two), c


def _methods(design: ChangeDesign) -> tuple[str, ...]:
    """Return the methods of a change, the deciding one first."""
    # Few treated units leave permutation alone, as in each span.
    if design.few:
        return RELABELLED
    located = design.located().known
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
    row: Estimate, fit: OlsFit, first: ContrastDesign, later: ContrastDesign
) -> ChangeDesign:
    """Return both spans as one design, the rows of the first span first."""
    units = first.units.names
    row_id = (row.spec_id, row.outcome, row.term, row.contrast, row.sample_id)
    return ChangeDesign(
        fit=fit,
        units=in_order(np.tile(units, 2)),
        dates=encoded(np.repeat([0, 1], len(units))),
        locations=first.locations,
        draws=first.draws,
        seed=first.seed,
        stream=":".join(["wild", *row_id, row.period]),
        wild_weights=few_cluster_weights(len(units)),
        effective_df=True,
        cutoff_km=CUTOFF_KM,
        lags=0,
        power=first.power,
        first=first,
        later=later,
    )
