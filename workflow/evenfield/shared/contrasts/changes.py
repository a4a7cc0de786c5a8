"""How much a group contrast changes from one span of years to another: both spans as one
regression, the two rows of a unit one cluster, the labels of both spans dealt out together.
"""

from dataclasses import dataclass, replace

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded, in_order
from evenfield.numerics.inference.design import Design, Tested, few_cluster_weights
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.label_change import label_change, stacked_change
from evenfield.shared.contrasts.contrasts import SUFFIXES, filled, not_defined
from evenfield.shared.contrasts.designs import (
    ContrastDesign,
    GroupContrast,
    contrast_design,
    relabelled,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import CHANGE, Estimate, asking, change_period
from evenfield.shared.few_units import beside, carrier_fields

# ASSUME: the cluster jackknife by unit decides a change. SCPC, which decides the contrast
# of one span, is made for one observation of each place, and here each unit has two: one
# in either span. Conley's kernel over both spans lets neighbours share shocks.
CONLEY = "conley_all_dates"
PRINTED = ("CR3", "wild33", CONLEY)  # methods by errors, the deciding one first
CUTOFF_KM = 800.0  # of Conley's kernel
RELABELLED = ("randomisation", "randomisation_stratified")  # methods by permuted labels
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

    def permuted(
        self,
        c: np.ndarray,  # noqa: ARG002
        level: float,  # noqa: ARG002
        scheme: str,
    ) -> Tested:
        """Test by permuting the rows of labels of both spans alike; there is no interval,
        and each span has its own combination in place of ``c``.
        """
        # Both spans have the same units in one order, so that draws of one are of both.
        draws = self.first.label_draws(scheme)
        spans = self.first.regression, self.later.regression
        return relabelled(label_change(*spans, draws), scheme)


def change_rows(
    first: GroupContrast, later: GroupContrast, geographies: Geographies
) -> list[Estimate]:
    """Return the change of a contrast from one span to another: by the jackknife by unit
    and the methods beside it, or by permuted labels alone where few units are treated;
    one row without numbers, with the reason, where it is not defined.
    """
    empty = _empty_row(first.row, later.row)
    try:
        design, c = change_design(first, later, geographies)
    except NumericsError as error:
        return [not_defined(empty, error)]
    fit = design.fit
    units = design.first.units.names
    row = replace(
        empty,
        **carrier_fields(fit.X, np.tile(units, 2), c, fit.bread),
        n_obs=len(fit.y),
        n_units=len(units),
        n_periods=2,
        # Those of the span that has fewer.
        n_treated=min(design.first.treated, design.later.treated),
        controls_id=first.controls_id,
    )
    level = geographies.inference.level
    rows: list[Estimate] = []
    for name in _methods(design):
        asked = asking(change_of=first.row.estimator, inference=name)
        one = replace(row, asked=asked)
        if rows:
            one = beside(one, name, CHANGE_SUFFIXES)
        rows.append(filled(one, infer(name, design, c, level), level))
    return rows


def change_design(
    first: GroupContrast, later: GroupContrast, geographies: Geographies
) -> tuple[ChangeDesign, np.ndarray]:
    """Return both spans as one regression, the rows of the first span first, with the
    weights of the change, (K,).

    Raises
    ------
    NumericsError
        If the contrast of a span is not defined, or the spans have different units.
    EstimateError
        If a unit lacks a value.
    """
    of_first, of_later = (contrast_design(span, geographies) for span in (first, later))
    units = of_first.units.names
    if list(units) != list(of_later.units.names):
        raise NumericsError("the spans have different units")
    fit, c = stacked_change(of_first.regression, of_later.regression)
    row = first.row
    row_id = (row.spec_id, row.outcome, row.term, row.contrast, row.sample_id)
    period = change_period(row.period, later.row.period)
    design = ChangeDesign(
        fit=fit,
        units=in_order(np.tile(units, 2)),
        dates=encoded(np.repeat([0, 1], len(units))),
        locations=of_first.locations,
        draws=of_first.draws,
        seed=of_first.seed,
        stream=":".join(["wild", *row_id, period]),
        wild_weights=few_cluster_weights(len(units)),
        effective_df=True,
        cutoff_km=CUTOFF_KM,
        lags=0,
        power=of_first.power,
        first=of_first,
        later=of_later,
    )
    return design, c


def _methods(design: ChangeDesign) -> tuple[str, ...]:
    """Return the methods of a change, the deciding one first."""
    # Few treated units leave permutation alone, as in each span.
    if design.few:
        return RELABELLED
    located = design.located().known
    by_errors = tuple(name for name in PRINTED if located or name != CONLEY)
    return (*by_errors, *RELABELLED)


def _empty_row(first: Estimate, later: Estimate) -> Estimate:
    """Return the row of a change without its numbers, of both output bases if they
    differ.
    """
    bases = {first.output_basis, later.output_basis}
    return replace(
        first,
        role="robustness",
        estimator=first.estimator + CHANGE,
        period=change_period(first.period, later.period),
        output_basis=bases.pop() if len(bases) == 1 else "spliced",
        warning="",
    )
