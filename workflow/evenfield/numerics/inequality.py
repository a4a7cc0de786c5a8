"""Inequality between units that carry people: indices, parts by groups, growth.

Every index is computed from shares p of the people and incomes r relative to their mean,
so that scale drops out once; what revisions, redraws and permutations do to a Theil index
is in ``inequality_draws``.
"""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

ALIKE = 1e-12  # incomes that differ by less are the same
NUMBERS_AT_ONCE = 1_000_000  # of units and groups in memory


THEIL_T = "theil_t"
THEIL_L = "theil_l"


def relative_incomes(income: Array, weights: Array) -> tuple[Array, Array]:
    """Return shares of the weights and incomes relative to the weighted mean; income
    (N,), weights (N,) -> (N,).
    """
    y = np.asarray(income, dtype=float)
    w = np.asarray(weights, dtype=float)
    if len(y) < 2 or y.shape != w.shape:
        raise NumericsError(
            "inequality needs at least two units and one weight for each"
        )
    both = np.array([y, w])
    bad = ~(np.isfinite(both) & (both > 0)).all(axis=0)
    if bad.any():
        raise NumericsError(
            f"{bad.sum()} incomes or weights are missing, zero or negative"
        )
    p = w / w.sum()
    if np.ptp(y) <= ALIKE * y.max():
        return p, np.ones_like(y)  # no inequality, and no share of its rounding
    return p, y / (p @ y)


def theil(income: Array, weights: Array, measure: str = THEIL_T) -> float:
    """Return a Theil index; income, weights (N,)."""
    p, r = relative_incomes(income, weights)
    return theil_of_shares(p, r, measure)


def theil_of_shares(p: Array, r: Array, measure: str) -> float:
    """Return a Theil index from shares and relative incomes; p, r (N,)."""
    if measure not in (THEIL_T, THEIL_L):
        raise NumericsError(f"a Theil index is {THEIL_T} or {THEIL_L}, not {measure!r}")
    # T weights by income, sum p r ln r; L by people, -sum p ln r.
    logs = np.log(r)
    return float(p @ (r * logs) if measure == THEIL_T else -(p @ logs))


def gini(income: Array, weights: Array) -> float:
    """Return the Gini coefficient, sum_ij p_i p_j |r_i - r_j| / 2; income, weights
    (N,).
    """
    p, r = relative_incomes(income, weights)
    order = np.argsort(r, kind="stable")
    p = p[order]
    r = r[order]
    # 2 sum p r F - 1 with F the rank of a unit, the middle of its own people.
    below = np.cumsum(p) - p / 2
    return 0.0 if (r == 1).all() else float(2 * (p * r) @ below - 1)


def atkinson(income: Array, weights: Array, aversion: float = 1.0) -> float:
    """Return the Atkinson (1970) index; income, weights (N,)."""
    if not aversion > 0:
        raise NumericsError(
            f"the aversion to inequality must be positive, not {aversion:g}"
        )
    p, r = relative_incomes(income, weights)
    if (r == 1).all():
        return 0.0
    if aversion == 1:
        return float(-np.expm1(p @ np.log(r)))
    return float(1 - (p @ r ** (1 - aversion)) ** (1 / (1 - aversion)))


def group_means(
    p: Array, r: Array, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return population share and relative mean income of each group; p, r (N,), groups
    (N,) -> (G,).
    """
    size = np.bincount(groups, p)
    return size, np.bincount(groups, p * r) / size


class DagumParts(NamedTuple):
    """Dagum's parts of the Gini coefficient; gini = within + net_between +
    transvariation.
    """

    # transvariation is the part from pairs in which the member of the poorer group has
    # more
    gini: float
    within: float
    net_between: float
    transvariation: float


def decompose_gini(income: Array, weights: Array, groups: np.ndarray) -> DagumParts:
    """Split the Gini coefficient by groups that may overlap in income; income, weights
    (N,), groups (N,).

    Notes
    -----
    Dagum (1997). For groups j and h with mean_j >= mean_h, d is the mean of (y_j - y_h)
    where positive and q of (y_h - y_j) where positive; the gross difference d + q
    splits into d - q (net) and 2q (transvariation).
    """
    p, r = relative_incomes(income, weights)
    lead = _leads(p, r, groups)
    # For each pair of groups, "ahead" is what members of the richer group have more.
    poorest_first = np.argsort(group_means(p, r, groups)[1], kind="stable")
    lead = lead[np.ix_(poorest_first, poorest_first)]
    ahead = float(np.tril(lead, -1).sum())
    behind = float(np.triu(lead, 1).sum())
    return DagumParts(
        gini=gini(income, weights),
        within=float(np.trace(lead)),
        net_between=ahead - behind,
        transvariation=2 * behind,
    )


def _leads(p: Array, r: Array, groups: np.ndarray) -> Array:
    """Return the sum over pairs of what members of one group (rows) have more than those
    of another (columns); shares and incomes (N,), codes of groups (N,) -> (G, G).
    """
    order = np.argsort(r, kind="stable")
    p, r, code = p[order], r[order], groups[order]
    count = int(code.max()) + 1
    # Units with less stand before the first unit that has as much.
    below = np.searchsorted(r, r)
    leads = np.zeros((count, count))
    columns = max(1, NUMBERS_AT_ONCE // len(r))
    for start in range(0, count, columns):
        other = np.arange(start, min(start + columns, count))
        # People of the other groups who have less, and what they have together.
        own = np.where(code[:, None] == other, p[:, None], 0.0)
        people = _summed_before(own)[below]
        incomes = _summed_before(own * r[:, None])[below]
        more = p[:, None] * (r[:, None] * people - incomes)
        for k, column in enumerate(more.T):
            leads[:, start + k] = np.bincount(code, column, minlength=count)
    return leads


def _summed_before(values: Array) -> Array:
    """Return sums of the rows before each row, and of all of them; (N, M) -> (N + 1, M)."""
    return np.vstack([np.zeros((1, values.shape[1])), values.cumsum(axis=0)])


def growth_contributions(
    start: Array, end: Array, groups: np.ndarray
) -> tuple[Array, Array]:
    """Return how much each group adds to the growth of the total; start, end (N,),
    groups (N,) -> (G,).
    """
    both = np.array([start, end], dtype=float)
    if not (np.isfinite(both) & (both > 0)).all():
        raise NumericsError("an output is missing, zero or negative")
    change = np.bincount(groups, both[1] - both[0])
    total = both.sum(axis=1)
    if abs(total[1] - total[0]) <= 1e-12 * total[0]:
        raise NumericsError("total output did not change")
    return change / (total[1] - total[0]), change / total[0]


MOST_GROUPS = 8  # all orders of more groups are too many


class TheilParts(NamedTuple):
    """A Theil index and its parts."""

    total: float  # total = between + within
    between: float
    within: float
    # (G,) contribution of the inequality inside each group; they sum to ``within``
    group_within: np.ndarray

    @property
    def share(self) -> float:
        """Share of the total that lies between groups; NaN without inequality."""
        return self.between / self.total if self.total > 0 else float("nan")


def decompose_theil(
    income: Array, weights: Array, groups: np.ndarray, measure: str = THEIL_T
) -> TheilParts:
    """Split a Theil index into inequality between and within groups; income, weights
    (N,), groups (N,).

    Notes
    -----
    Shorrocks (1980): between is the index of the group means; inside, the weight of a
    group is its income share (T) or its population share (L).
    """
    p, r = relative_incomes(income, weights)
    size, mean = group_means(p, r, groups)
    inner = r / mean[groups]
    # Incomes relative to the mean of the own group.
    terms = p * r * np.log(inner) if measure == THEIL_T else -p * np.log(inner)
    inside = np.bincount(groups, terms)
    return TheilParts(
        total=theil_of_shares(p, r, measure),
        between=theil_of_shares(size, mean, measure),
        within=float(inside.sum()),
        group_within=inside,
    )


def nested_theil(
    income: Array,
    weights: Array,
    outer: np.ndarray,
    inner: np.ndarray,
    measure: str = THEIL_T,
) -> tuple[float, float, float]:
    """Split a Theil index in two nested steps; income, weights (N,), outer, inner (N,)."""
    first = decompose_theil(income, weights, outer, measure)
    both = decompose_theil(income, weights, crossed(outer, inner), measure)
    return first.between, both.between - first.between, both.within


def crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return codes of the combinations of two groupings that occur; a, b (N,) -> (N,)."""
    return np.unique(a * (int(b.max()) + 1) + b, return_inverse=True)[1]


def shapley_theil(
    income: Array, weights: Array, a: np.ndarray, b: np.ndarray, measure: str = THEIL_T
) -> tuple[float, float, float]:
    """Divide what two overlapping groupings explain together fairly between them;
    income, weights (N,), a, b (N,).
    """
    first = decompose_theil(income, weights, a, measure).between
    second = decompose_theil(income, weights, b, measure).between
    both = decompose_theil(income, weights, crossed(a, b), measure)
    # Shapley: what a adds to nothing and what it adds to b, on average.
    part = (both.between + first - second) / 2
    return part, both.between - part, both.within


def maximum_between(
    income: Array, weights: Array, groups: np.ndarray, measure: str = THEIL_T
) -> float:
    """Return the largest inequality between groups of these sizes; income, weights
    (N,), groups (N,).

    Notes
    -----
    Elbers, Lanjouw, Mistiaen and Ozler (2008). Every resident has the income of the
    unit, so a unit may be cut.
    """
    p, r = relative_incomes(income, weights)
    size = np.bincount(groups, p)
    if len(size) > MOST_GROUPS:
        return float("nan")
    order = np.argsort(r, kind="stable")
    people = np.append(0.0, np.cumsum(p[order]))
    earned = np.append(0.0, np.cumsum((p * r)[order]))
    return max(
        _parade(people / people[-1], earned, ordering, measure)
        for ordering in set(permutations(size.tolist()))
    )


def _parade(
    people: Array, earned: Array, sizes: Sequence[float], measure: str
) -> float:
    """Return the inequality between groups cut from the parade of incomes in turn."""
    ends = np.minimum(np.append(0.0, np.cumsum(sizes)), 1.0)
    ends[-1] = 1.0
    size = np.diff(ends)
    incomes = np.diff(np.interp(ends, people, earned))
    return theil_of_shares(size, incomes / size, measure)
