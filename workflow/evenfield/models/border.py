"""Neighbours on two sides of a line, compared."""

from dataclasses import dataclass

import numpy as np

from evenfield.models.rows import Row, tested
from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.cluster_robust import RobustInference
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.map_pairs import (
    BorderPairs,
    border_difference,
    border_pairs,
    border_permutation,
)
from evenfield.numerics.spatial import Weights

SE_TYPE = "two-way cluster by unit"
P_TYPE = "t, smaller side minus one"


@dataclass(frozen=True)
class Border:
    """An outcome and the pairs of neighbours that a line separates."""

    y: Array  # (N,)
    pairs: BorderPairs

    @property
    def sides(self) -> tuple[int, int]:
        """Number of units inside and outside that are in a pair."""
        return len(np.unique(self.pairs.inside)), len(np.unique(self.pairs.outside))

    def difference(self, level: float) -> RobustInference:
        """Return the mean difference over pairs, with errors clustered by the units of
        both sides.
        """
        return border_difference(self.y, self.pairs, level)

    def permuted(self, rng: np.random.Generator, draws: int) -> float:
        """Return its p-value when outcomes are dealt out to all units anew; the pairs
        stay.
        """
        return border_permutation(self.y, self.pairs, draws, rng)

    def rows(self, level: float, p_value: float, draws: int) -> list[Row]:
        """Return the difference by t and by permutation, which has no interval."""
        test = self.difference(level)
        law = f"{draws} permutations"
        by_chance = Tested(estimate=test.estimate, p_value=p_value, law=law)
        by_t = tested(test, SE_TYPE, P_TYPE, law=f"t({test.df:g})")
        return [
            Row("difference", by_t, "two-way by unit"),
            Row("difference", by_chance, "permuted outcomes"),
        ]


def border(y: Array, member: np.ndarray, touching: Weights) -> Border:
    """Pair the units of a group with the neighbours outside; y, member (N,), touching
    (N, N), symmetric.

    Raises
    ------
    NumericsError
        If no two neighbours lie on different sides.
    """
    return Border(y, border_pairs(member, touching))
