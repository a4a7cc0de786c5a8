"""Growth differences between units that share a border, on differences of their lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenfield.models.rows import tested
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.inference.two_ends import two_end_inference
from evenfield.numerics.ols import OlsFit, fit_ols

SE_TYPE = "CR3 by the clusters of both ends"
P_TYPE = "t(G* - 1)"


@dataclass(frozen=True, kw_only=True)
class NeighbourPairs:
    """Pairs of neighbours: g_i - g_j = sum_k b_k (L_ki - L_kj) + (x_i - x_j)'d + e_ij."""

    fit: OlsFit
    pairs: np.ndarray  # (P, 2) positions of both units
    ends: np.ndarray  # (P, 2) clusters of both units

    @classmethod
    def of(
        cls,
        outcome: Array,
        regressors: Array,
        names: Sequence[str],
        pairs: np.ndarray,
        clusters: np.ndarray,
    ) -> NeighbourPairs:
        """Take differences between the units of each pair; outcome (N,), regressors (N,
        K), the names of the first of them, pairs (P, 2), clusters (N,).

        Notes
        -----
        There is no constant: which unit of a pair comes first changes nothing.
        """
        if not len(pairs):
            raise NumericsError("no two such neighbours")
        first, second = pairs.T
        fit = fit_ols(
            outcome[first] - outcome[second],
            regressors[first] - regressors[second],
            names,
        )
        return cls(fit=fit, pairs=pairs, ends=clusters[pairs])

    @property
    def units(self) -> int:
        """How many units are in a pair."""
        return len(np.unique(self.pairs))

    @cached_property
    def differ(self) -> Array:
        """In how many pairs each regressor differs, (K,)."""
        return np.asarray((self.fit.X != 0).sum(axis=0))

    def tested(self, c: Array, level: float) -> Tested:
        """Test c'beta with every pair left out that has an end in one cluster, cluster
        after cluster; c (K,).
        """
        try:
            inference = two_end_inference(self.fit, c, self.ends, level)
        except NumericsError as error:
            return Tested(estimate=float(c @ self.fit.beta), reason=str(error))
        return tested(inference, SE_TYPE, P_TYPE, law=f"t({inference.df:g})")


def neighbours(touching: Array, chosen: np.ndarray) -> np.ndarray:
    """Return the pairs of chosen units that touch, each once; touching (N, N), chosen
    (N,) of bool -> (P, 2).
    """
    first, second = np.nonzero(np.triu((touching > 0) | (touching.T > 0), k=1))
    both = chosen[first] & chosen[second]
    return np.column_stack([first[both], second[both]])
