"""From a table by unit to the regression of a group contrast: its labels, their averages
over the neighbours, their expected exposure, and what inference needs beside the fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design, Tested
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
from evenfield.shared.few_units import (
    CROSS_SECTION,
    carrier_fields,
    few_unit_settings,
)
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.spatial_weights import SpatialWeights

CONSTANT = "constant"
FEWEST_TREATED = 4


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is done with expected exposure: the mean of the regressors over permuted labels
    (Borusyak and Hull 2023).
    """

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
    # what is done with expected exposure; nothing by default
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
    # units in the smallest group that a regressor of the contrast sets apart
    treated: int

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
        """Return who could have had whose labels under a scheme.

        Raises
        ------
        NumericsError
            If the scheme does not exist for these units.
        """
        labels = self.regression.labels
        draw_id = self.contrast.draw_id
        return self.geographies.draws(scheme, self.units.names, labels, draw_id)

    def permuted(self, c: np.ndarray, level: float, scheme: str) -> Tested:
        """Test by permuting the rows of labels; there is no interval."""
        test = label_permutation(self.regression, self.label_draws(scheme))
        mde = NAN
        if self.few and scheme == "free":
            mde = self._smallest_visible_by_t(c, level)
        return relabelled(test, scheme, mde)

    def _smallest_visible_by_t(self, c: np.ndarray, level: float) -> float:
        """Return the smallest effect that a t test with equal variances would see."""
        # ASSUME: a permutation, which has no standard error, sees about as much.
        fit = self.fit
        std_error = float(np.sqrt(fit.sigma2 * c @ fit.bread @ c))
        half = t_quantile(0.5 + level / 2, fit.df) * std_error
        return smallest_visible(-half, half, std_error, self.power or NAN, level)


def relabelled(test: PermutationTest, scheme: str, mde: float = NAN) -> Tested:
    """Return a permutation of labels in the form of all inferences."""
    return Tested(
        estimate=test.estimate,
        p_value=test.p_value,
        mde=mde,
        p_type=f"{scheme} permutation of labels, {test.distinct} patterns",
    )


def contrast_design(
    contrast: GroupContrast, geographies: Geographies
) -> ContrastDesign:
    """Return the regression of a contrast with all that inference needs.

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
    # Groups are counted while a label is still zero or one: before the expected exposure
    # is subtracted.
    regressors = regression.label_design.regressors(regression.labels)
    of_contrast = regression.c != 0
    treated = _smallest_group(regressors[:, of_contrast])
    if contrast.expected is not None:
        scheme = contrast.expected.scheme
        draws = geographies.draws(scheme, units, regression.labels, contrast.draw_id)
        regression = without_expectation(regression, contrast.expected.use, draws)
    inference = geographies.inference
    row = contrast.row
    names = (
        row.spec_id,
        row.outcome,
        row.term,
        row.contrast,
        row.sample_id,
        row.period,
    )
    stream = ":".join(["wild", *names])
    return ContrastDesign(
        fit=fit_ols(regression.y, regression.X),
        **few_unit_settings(units, inference, stream),
        **CROSS_SECTION,
        locations=geographies.locations(units),
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


def _smallest_group(regressors: np.ndarray) -> int:
    """Return the size of the smallest group that a regressor sets apart; (N, R).

    Notes
    -----
    An indicator sets apart its ones from its zeros, a share or a number above zero the
    units above zero from the others, any other number no unit from all.
    """
    N = len(regressors)
    sizes = [N]
    for column in regressors.T:
        above_zero = int((column > 0).sum())
        is_indicator = np.isin(column, (0.0, 1.0)).all()
        if is_indicator:
            sizes.append(min(above_zero, N - above_zero))
        elif column.min() >= 0:
            sizes.append(above_zero)
    return min(sizes)
