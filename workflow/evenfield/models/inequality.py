"""Inequality between units at one date: indices, their parts by groups, what chance does
to the part between groups, and the share inside larger places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import (
    THEIL_L,
    THEIL_T,
    DagumParts,
    TheilParts,
    atkinson,
    decompose_gini,
    decompose_theil,
    gini,
    growth_contributions,
    maximum_between,
    nested_theil,
    shapley_theil,
    theil,
)
from evenfield.numerics.inequality_draws import (
    ShareTest,
    between_test,
    connected_test,
    redrawn_theil,
)
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.ols import t_inference
from evenfield.numerics.parents import (
    exact_difference,
    inside_parents,
    jackknife_error,
    within_shares,
)
from evenfield.numerics.spatial import Weights

# T weighs units by income, L by population; both add up over groups.
THEIL = (THEIL_T, THEIL_L)
GINI = "gini"
ATKINSON = "atkinson"
MEASURES = (*THEIL, GINI, ATKINSON)
# Two groupings: the inner one inside the outer one, or the mean over both orders.
SPLITS = {"nested": nested_theil, "shapley": shapley_theil}


class Between(NamedTuple):
    """The part of a Theil index that lies between groups."""

    value: float  # index of that part alone
    share: float  # of the whole index; NaN without inequality
    # largest part that groups of these sizes could hold, NaN of more than eight
    maximum: float
    share_of_maximum: float


@dataclass(frozen=True)
class Incomes:
    """Incomes per head of the N units of one date, and the people who have them."""

    income: Array  # (N,) positive
    people: Array  # (N,) positive; ones where units count alike

    @property
    def _both(self) -> tuple[Array, Array]:
        return self.income, self.people

    def index(self, measure: str, aversion: float = 1.0) -> float:
        """Return an index of ``MEASURES``; the aversion is that of Atkinson's."""
        if measure == GINI:
            return gini(*self._both)
        if measure == ATKINSON:
            return atkinson(*self._both, aversion)
        return theil(*self._both, measure)

    def redrawn(self, measure: str, rng: np.random.Generator, draws: int) -> Array:
        """Return a Theil index over samples of units with replacement, (draws,)."""
        return redrawn_theil(*self._both, rng=rng, draws=draws, measure=measure)

    def theil_parts(self, measure: str, codes: np.ndarray) -> TheilParts:
        """Return a Theil index between and within groups; codes (N,)."""
        return decompose_theil(*self._both, codes, measure)

    def gini_parts(self, codes: np.ndarray) -> DagumParts:
        """Return the Gini coefficient within groups, between them, and where they
        overlap; codes (N,).
        """
        return decompose_gini(*self._both, codes)

    def two_parts(
        self, measure: str, outer: np.ndarray, inner: np.ndarray, split: str
    ) -> tuple[float, float, float]:
        """Return what two groupings hold of a Theil index, and what is left within both;
        outer, inner (N,), split of ``SPLITS``.
        """
        return SPLITS[split](*self._both, outer, inner, measure)

    def between(self, measure: str, codes: np.ndarray) -> Between:
        """Return the part between groups, against the whole and against the largest one
        that groups of these sizes could reach; codes (N,).
        """
        parts = self.theil_parts(measure, codes)
        maximum = maximum_between(*self._both, codes, measure)
        return Between(
            value=parts.between,
            share=parts.share,
            maximum=maximum,
            share_of_maximum=parts.between / maximum if maximum > 0 else np.nan,
        )

    def label_test(
        self, measure: str, codes: np.ndarray, rng: np.random.Generator, draws: int
    ) -> ShareTest:
        """Test the part between groups by dealing out their labels to the units."""
        return between_test(*self._both, codes, rng=rng, draws=draws, measure=measure)

    def connected_test(
        self, measure: str, inside: np.ndarray, neighbours: Weights
    ) -> ShareTest:
        """Test it for a connected group against all connected groups of its size; inside
        (N,) of bool, neighbours (N, N).
        """
        return connected_test(*self._both, inside, neighbours, measure)

    def within_shares(self, measure: str, codes: np.ndarray) -> Array:
        """Return the share of a Theil index within groups, of all units and without each
        group, (1 + G,).
        """
        return within_shares(*self._both, codes, measure)

    def inside(self, measure: str, codes: np.ndarray) -> Array:
        """Return the Theil index inside each group, (G,), NaN for one of a single unit."""
        return inside_parents(*self._both, codes, measure)


def share_test(shares: Array, level: float) -> Tested:
    """Return the share within groups, with the interval that leaving out groups gives;
    shares (1 + G,) as of ``Incomes.within_shares``.
    """
    error = jackknife_error(shares[1:])
    test = t_inference(float(shares[0]), error, len(shares) - 2, level)
    # ASSUME: every group is observed; the interval says how far a share hangs on few.
    return Tested(
        estimate=test.estimate,
        std_error=error,
        df=test.df,
        conf_low=test.conf_low,
        conf_high=test.conf_high,
        se_type="jackknife over parents: sensitivity, not sampling error",
        law=f"t({test.df:g})",
    )


def marked_test(
    inside: Array, marked: np.ndarray, level: float, power: float
) -> Tested:
    """Return the mean index inside marked groups less that inside the others, against
    every choice of as many groups; inside (G,) as of ``Incomes.inside``, marked (G,).
    """
    several = np.isfinite(inside)  # groups with an inside
    test = exact_difference(inside[several], marked[several], power, level)
    return Tested(
        estimate=test.estimate,
        std_error=test.std_error,
        p_value=test.p_value,
        conf_low=test.estimate - test.half,
        conf_high=test.estimate + test.half,
        mde=test.smallest_visible,
        se_type="all relabellings of parents",
        p_type=f"exact over all {test.ways:,} choices of parents",
        law="exact",
    )


class GroupGrowth(NamedTuple):
    """What each of G groups adds to the growth of a total."""

    share: Array  # (G,) of the growth; they sum to one
    points: Array  # (G,) of the total at the start; they sum to its growth rate
    before: Array  # (G,) share of the total at the start
    units: np.ndarray  # (G,) units of the group


def group_growth(start: Array, end: Array, codes: np.ndarray) -> GroupGrowth:
    """Return what groups of units add to the growth of a total; start, end, codes (N,).

    Notes
    -----
    (Y_g1 - Y_g0) / (Y_1 - Y_0); with a share of growth above its share at the start a
    group outgrew the whole.
    """
    share, points = growth_contributions(start, end, codes)
    return GroupGrowth(
        share=share,
        points=points,
        before=np.bincount(codes, start) / start.sum(),
        units=np.bincount(codes),
    )


def marks_of_groups(
    codes: np.ndarray, names: Sequence[str], marked: np.ndarray
) -> np.ndarray:
    """Return which groups are marked, (G,) of bool; codes, marked (N,) of the units,
    names (G,).

    Raises
    ------
    NumericsError
        If the units of a group differ, or a mark is neither 0 nor 1.
    """
    marks = np.zeros(len(names), dtype=bool)
    for group, name in enumerate(names):
        own = marked[codes == group]
        if not np.isin(own, (0, 1)).all():
            raise NumericsError(f"marks of {name} that are neither 0 nor 1")
        if own.min() != own.max():
            raise NumericsError(f"units of {name} differ in what marks parents")
        marks[group] = own.max() == 1
    return marks
