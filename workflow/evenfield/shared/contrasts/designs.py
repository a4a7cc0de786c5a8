"""From a table by unit to the regression of a group contrast: labels, what they spread to,
what draws let expect, and all that methods of the registry need beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.methods import Design, Tested, few_cluster_weights
from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.label_permutation import (
    LabelDesign,
    LabelDraws,
    LabelRegression,
    PermutationTest,
    label_permutation,
    without_expectation,
)
from evenfield.numerics.ols import fit_ols, t_quantile
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.spatial import multiplier
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import NAN, Estimate, Fields
from evenfield.shared.few_units import carrier_fields
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.spatial_weights import SpatialWeights

CONSTANT = "constant"
FEWEST_TREATED = 4


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is done with the mean of the regressors over permuted labels."""

    scheme: str  # ``free``, ``stratified`` or ``connected`` permutations
    use: str  # ``subtract`` it from the regressors, or ``control`` for it


def lag_name(label: str) -> str:
    """Return the name of the neighbours' average of a label."""
    return f"W {label}"


@dataclass(frozen=True)
class GroupContrast:
    """One regression of one row per unit on group labels, and one combination of the
    labels' coefficients.
    """

    row: Estimate  # the row to fill
    table: pd.DataFrame  # one row a unit, indexed by unit in any order
    outcome: str  # column of the outcome
    # columns that move together under permutation; connected draws move the first
    labels: tuple[str, ...]
    controls: tuple[str, ...]  # columns that stay with their unit; a constant is added
    weights: Mapping[str, float]  # weights of the combination by regressor
    neighbours: SpatialWeights | None = None
    # what is done with the regressors that permuted labels let expect
    expected: Expectation | None = None
    # asked for, the deciding one first; by the written rule where there are none
    methods: tuple[str, ...] = ()
    # all printed methods, as where a contrast decides, whatever its role
    every_method: bool = False
    placebo_lists: bool = False  # whether its methods are tried on placebo lists

    @property
    def regressors(self) -> tuple[str, ...]:
        """Names of the labels' regressors."""
        if self.neighbours is None:
            return self.labels
        return (*self.labels, *(lag_name(label) for label in self.labels))

    @property
    def controls_id(self) -> str:
        """Names of the controls in one text."""
        return " + ".join(self.controls) or "none"

    @property
    def draw_id(self) -> str:
        """What contrasts share that have their permutations in common."""
        return f"{self.row.unit_scheme}:{self.row.sample_id}"


@dataclass(frozen=True, kw_only=True)
class ContrastDesign(Design):
    """The regression of a contrast; its labels may be dealt out to other units."""

    contrast: GroupContrast  # its table in the order in which draws take units
    regression: LabelRegression  # its arrays, of which ``fit`` is the fit
    geographies: Geographies
    treated: int  # units in the smaller of the groups that the combination compares

    @property
    def few(self) -> bool:
        """Whether too few units are treated for anything but permutation."""
        return self.treated < FEWEST_TREATED

    @property
    def counts(self) -> Fields:
        """Fields of a row: units, those that carry the combination, the controls."""
        names = self.units.names
        c = self.regression.combination
        return carrier_fields(self.fit.X, names, c, self.fit.bread) | {
            "n_obs": len(names),
            "n_units": len(names),
            "n_treated": self.treated,
            "controls_id": self.contrast.controls_id,
        }

    def label_draws(self, scheme: str) -> LabelDraws:
        """Return who could have had whose labels by a scheme, which may not exist."""
        labels = self.regression.labels
        draw_id = self.contrast.draw_id
        return self.geographies.draws(scheme, self.units.names, labels, draw_id)

    def permuted(self, c: np.ndarray, level: float, scheme: str) -> Tested:
        """Test by permuting the rows of labels; there is no interval."""
        test = label_permutation(self.regression, self.label_draws(scheme))
        reach = NAN
        if self.few and scheme == "free":
            reach = self._classical_reach(c, level)
        return relabelled(test, scheme, reach)

    def _classical_reach(self, c: np.ndarray, level: float) -> float:
        # ASSUME: a permutation has no standard error; it sees about what a t test with
        # equal variances sees.
        fit = self.fit
        std_error = float(np.sqrt(fit.sigma2 * c @ fit.bread @ c))
        half = t_quantile(0.5 + level / 2, fit.df) * std_error
        return smallest_visible(-half, half, std_error, self.power or NAN, level)


def relabelled(test: PermutationTest, scheme: str, mde: float = NAN) -> Tested:
    """Return what a permutation of labels says as the registry of inferences has it."""
    return Tested(
        estimate=test.estimate,
        p_value=test.p_value,
        mde=mde,
        p_type=f"{scheme} permutation of labels, {test.distinct} patterns",
    )


def contrast_design(
    contrast: GroupContrast, geographies: Geographies
) -> ContrastDesign:
    """Return the regression of a contrast with all that methods of the registry need.

    Raises
    ------
    NumericsError
        If the contrast is not defined.
    EstimateError
        If a unit lacks a value.
    """
    contrast = replace(contrast, table=geographies.ordered(contrast.table))
    units = contrast.table.index.to_numpy(str)
    regression = label_regression(contrast)
    _refuse_undefined(contrast, regression)
    # Counted before an expectation is subtracted, while a label is still zero or one.
    compared = regression.label_design.regressors(regression.labels)
    treated = _fewest_carriers(compared[:, regression.c != 0])
    if contrast.expected is not None:
        scheme = contrast.expected.scheme
        draws = geographies.draws(scheme, units, regression.labels, contrast.draw_id)
        regression = without_expectation(regression, contrast.expected.use, draws)
    inference = geographies.inference
    row = contrast.row
    stream = ("wild", row.spec_id, row.outcome, row.term, row.contrast)
    return ContrastDesign(
        fit=fit_ols(regression.y, regression.X),
        units=in_order(units),
        locations=geographies.locations(units),
        draws=inference.permutations,
        seed=inference.seed,
        stream=":".join([*stream, row.sample_id, row.period]),
        wild_weights=few_cluster_weights(len(units)),
        effective_df=True,
        conley_factor="N/(N-K)",
        power=inference.power,
        contrast=contrast,
        regression=regression,
        geographies=geographies,
        treated=treated,
    )


def label_regression(contrast: GroupContrast) -> LabelRegression:
    """Return the arrays of a contrast, units in the order of its table."""
    table = contrast.table
    units = table.index.to_numpy(str)
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    # Column by column: pandas takes several out of a wide table much more slowly.
    values = np.array([table[name].to_numpy(float) for name in columns]).T
    holes = units[np.isnan(values).any(axis=1)]
    if len(holes):
        lacking = counted(len(holes), "unit lacks", "units lack")
        examples = first_examples(holes.tolist())
        raise EstimateError(
            f"{lacking} a value ({examples}) in {contrast.row.spec_id}, {contrast.row.outcome}",
            "complete rows",
            "fill or drop them",
        )
    labels, fixed = np.split(values[:, 1:], [len(contrast.labels)], axis=1)
    neighbours = contrast.neighbours
    return LabelRegression(
        y=values[:, 0],
        labels=labels,
        controls=np.column_stack([np.ones(len(units)), fixed]),
        c=np.array([contrast.weights.get(name, 0.0) for name in contrast.regressors]),
        label_design=LabelDesign(
            None
            if neighbours is None
            else multiplier(neighbours.aligned(units.tolist()))
        ),
    )


def _refuse_undefined(contrast: GroupContrast, regression: LabelRegression) -> None:
    """Refuse a regression with too few units, and one of what does not vary."""
    N, K = regression.X.shape
    if N <= K + 1:
        raise NumericsError(f"{N} units for {K} coefficients")
    dependent = dependent_columns(regression.X)
    if dependent:
        names = [*contrast.regressors, CONSTANT, *contrast.controls]
        raise NumericsError(f"{names[dependent[0]]} does not vary or is collinear")
    if not np.ptp(regression.y) > 0:
        raise NumericsError("the outcome is constant")


def _fewest_carriers(regressors: np.ndarray) -> int:
    """Return the smallest number of units that a regressor sets apart: the smaller group
    of an indicator, the units above zero of a share or a number, else all units; (N, R).
    """
    N = len(regressors)
    counts = [N]
    for column in regressors.T:
        above = int((column > 0).sum())
        if ((column == 0.0) | (column == 1.0)).all():
            counts.append(min(above, N - above))
        elif column.min() >= 0:
            counts.append(above)
    return min(counts)
