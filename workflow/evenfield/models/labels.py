"""Labels of groups dealt out to other units: who could have had whose, and how often a
contrast as large as that of the data comes up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.multiple_testing import romano_wolf
from evenfield.numerics.label_change import label_change
from evenfield.numerics.label_permutation import (
    LABELS_ALONE,
    LabelDesign,
    LabelDraws,
    LabelRegression,
    PermutationTest,
    connected_label_draws,
    exact_label_draws,
    free_label_draws,
    group_of,
    label_permutation,
    stratified_label_draws,
    without_expectation,
)
from evenfield.numerics.spatial import Weights, multiplier, symmetric


@dataclass(frozen=True, kw_only=True)
class Dealing:
    """Who can have whose labels: all units alike, those of a stratum, or places that
    hang together; and how many draws are made.
    """

    strata: np.ndarray | None = None  # (N,) codes
    links: np.ndarray | None = (
        None  # (P, 2) positions of units that touch, each pair once
    )
    exact: bool = False  # every way to deal within strata, in place of draws
    draws: int = 9999

    def drawn(self, labels: np.ndarray, rng: np.random.Generator) -> LabelDraws:
        """Return who gets whose labels; labels (N, L), of which a group that hangs
        together has the first.
        """
        N = len(labels)
        if self.links is not None:
            inside = group_of(labels)
            return connected_label_draws(inside, self.touching(N), self.draws, rng)
        strata = np.zeros(N, dtype=int) if self.strata is None else self.strata
        if self.exact:
            return exact_label_draws(labels, strata)
        if self.strata is None:
            return free_label_draws(N, self.draws, rng)
        return stratified_label_draws(strata, self.draws, rng)

    def touching(self, N: int) -> csr_array:
        """Return one for units that touch, (N, N)."""
        assert self.links is not None
        one, other = self.links.T
        return symmetric(N, one, other, np.ones(len(one)))


class LabelTests(NamedTuple):
    """A contrast of S outcomes against its distribution under dealt-out labels."""

    estimate: np.ndarray  # (S,)
    statistic: np.ndarray  # (S,) t of least squares
    p_value: np.ndarray  # (S,) of each alone
    adjusted: np.ndarray  # (S,) by Romano and Wolf's step-down
    patterns: int  # different label patterns among the draws
    drawn: LabelDraws
    regressions: tuple[tuple[LabelRegression, ...], ...]  # by outcome and date

    @property
    def scheme(self) -> str:
        """Of the draws: free, stratified, connected or exact."""
        return self.drawn.scheme


def contrast_name(weights: Mapping[str, float]) -> str:
    """Return a combination of coefficients as text: ``a``, ``a - b``, ``0.5 a + 2 b``."""
    text = ""
    for name, weight in weights.items():
        factor = "" if abs(weight) == 1.0 else f"{abs(weight):g} "
        text += f" {'-' if weight < 0 else '+'} {factor}{name}"
    return text.removeprefix(" + ").strip()


def labels_dealt_out(
    outcomes: Array,
    labels: Array,
    controls: Array,
    c: Array,
    dealing: Dealing,
    rng: np.random.Generator,
    *,
    neighbours: Weights | None = None,
    expected: str = "",
) -> LabelTests:
    """Test the combination c'b of label coefficients, or its change between two dates, on
    draws that all outcomes share.

    Parameters
    ----------
    outcomes : (S, T, N)
        S outcomes of N units at one date or two.
    labels : (T, N, L)
    controls : (T, N, K)
        The constant among them; they stay with their units.
    c : (R,)
        Weights of the labels, then of their averages over the neighbours.
    dealing, rng
        Who can have whose labels, and the random numbers.
    neighbours : (N, N)
        Weights of the averages of labels, which are formed anew in each draw.
    expected : what is done with expected exposure, the mean of the regressors over the
        draws: ``subtract`` or ``control``; nothing where empty.

    Raises
    ------
    NumericsError
        If there are too few patterns, or labels are collinear with the controls.
    """
    design = LABELS_ALONE
    if neighbours is not None:
        design = LabelDesign(multiplier(neighbours))
    # A unit's row has its labels of both dates, which move together.
    drawn = dealing.drawn(np.concatenate(labels, axis=1), rng)
    regressions = []
    for of_outcome in outcomes:
        dates = []
        for y, at_date, held in zip(of_outcome, labels, controls, strict=True):
            regression = LabelRegression(
                y=y, labels=at_date, controls=held, c=c, label_design=design
            )
            if expected:
                regression = without_expectation(regression, expected, drawn)
            dates.append(regression)
        regressions.append(tuple(dates))
    tests = [_tested(dates, drawn) for dates in regressions]
    statistic = np.array([test.statistic for test in tests])
    draws = np.column_stack([test.statistics for test in tests])
    # A draw in which one statistic is not defined has no maximum over all of them.
    regular = draws[np.isfinite(draws).all(axis=1)]
    p_value = np.array([test.p_value for test in tests])
    adjusted = p_value
    if len(tests) > 1:
        exact = drawn.scheme == "exact"
        adjusted = romano_wolf(statistic, regular, data_included=exact).adjusted
    return LabelTests(
        estimate=np.array([test.estimate for test in tests]),
        statistic=statistic,
        p_value=p_value,
        adjusted=adjusted,
        patterns=min(test.distinct for test in tests),
        drawn=drawn,
        regressions=tuple(regressions),
    )


def _tested(dates: Sequence[LabelRegression], drawn: LabelDraws) -> PermutationTest:
    """Test the contrast of one date, or the change between two."""
    if len(dates) == 1:
        return label_permutation(dates[0], drawn)
    first, later = dates
    return label_change(first, later, drawn)
