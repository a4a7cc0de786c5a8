"""Theil indices by groups: between and within, nested, shared fairly, and against the most that groups can reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from evenfield.numerics.inequality import THEIL_T, group_means, relative_incomes, theil_of_shares

MOST_GROUPS = 8


@dataclass(frozen=True, slots=True)
class TheilParts:
    """A Theil index and its parts."""

    total: float  # total = between + within
    between: float
    within: float
    group_within: np.ndarray  # (G,) contribution of the inequality inside each group; they sum to ``within``

    @property
    def share(self) -> float:
        """Share of the total that lies between groups; NaN without inequality."""
        return self.between / self.total if self.total > 0 else float("nan")


def decompose_theil(income: np.ndarray, weights: np.ndarray, groups: np.ndarray, measure: str = THEIL_T) -> TheilParts:
    """Split a Theil index into inequality between and within groups; income, weights (N,), groups (N,).

    Notes
    -----
    Shorrocks (1980): between is the index of the group means; inside, the weight of a group is its income share
    (T) or its population share (L).
    """
    p, r = relative_incomes(income, weights)
    size, mean = group_means(p, r, groups)
    inner = r / mean[groups]
    terms = p * r * np.log(inner) if measure == THEIL_T else -p * np.log(inner)
    inside = np.bincount(groups, terms)
    return TheilParts(theil_of_shares(p, r, measure), theil_of_shares(size, mean, measure), float(inside.sum()), inside)


def nested_theil(
    income: np.ndarray, weights: np.ndarray, outer: np.ndarray, inner: np.ndarray, measure: str = THEIL_T
) -> tuple[float, float, float]:
    """Split a Theil index in two nested steps; income, weights (N,), outer, inner (N,)."""
    first = decompose_theil(income, weights, outer, measure)
    both = decompose_theil(income, weights, crossed(outer, inner), measure)
    return first.between, both.between - first.between, both.within


def crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return codes of the combinations of two groupings that occur; a, b (N,) -> (N,)."""
    return np.unique(a * (int(b.max()) + 1) + b, return_inverse=True)[1]


def shapley_theil(
    income: np.ndarray, weights: np.ndarray, a: np.ndarray, b: np.ndarray, measure: str = THEIL_T
) -> tuple[float, float, float]:
    """Divide what two overlapping groupings explain together fairly between them; income, weights (N,), a, b (N,)."""
    alone = [decompose_theil(income, weights, groups, measure).between for groups in (a, b)]
    both = decompose_theil(income, weights, crossed(a, b), measure)
    part = (both.between + alone[0] - alone[1]) / 2
    return part, both.between - part, both.within


def maximum_between(income: np.ndarray, weights: np.ndarray, groups: np.ndarray, measure: str = THEIL_T) -> float:
    """Return the largest inequality between groups of these sizes; income, weights (N,), groups (N,).

    Notes
    -----
    Elbers, Lanjouw, Mistiaen and Ozler (2008). Every resident has the income of the unit, so a unit may be cut.
    """
    p, r = relative_incomes(income, weights)
    size = np.bincount(groups, p)
    if len(size) > MOST_GROUPS:
        return float("nan")
    order = np.argsort(r, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(p[order])])
    earned = np.concatenate([[0.0], np.cumsum((p * r)[order])])
    return max(_parade(people / people[-1], earned, ordering, measure) for ordering in set(permutations(size.tolist())))


def _parade(people: np.ndarray, earned: np.ndarray, sizes: Sequence[float], measure: str) -> float:
    ends = np.minimum(np.concatenate([[0.0], np.cumsum(sizes)]), 1.0)
    ends[-1] = 1.0
    size = np.diff(ends)
    return theil_of_shares(size, np.diff(np.interp(ends, people, earned)) / size, measure)
