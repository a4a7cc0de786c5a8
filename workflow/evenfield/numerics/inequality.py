"""Inequality: indices, decomposition by groups, bootstrap draws, sums of permuted
groups.
"""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial import Weights, connected_sets, hangs_together

TIE = 1e-9
ALIKE = 1e-12  # incomes that differ by less are the same


def permuted_sum_p(
    c: Array, x: Array, rng: np.random.Generator, permutations: int
) -> float:
    """Return the two-sided permutation p-value of sum c_i x_i; c, x (N,).

    Notes
    -----
    In a Poisson regression of c on a constant and x the slope rises strictly with sum
    c_i x_i when both sets of values are given, as (sum c_i, sum c_i x_i) is sufficient:
    p is also that of the Poisson slope, without refits.
    """
    c, x = (np.asarray(v, dtype=float) - np.mean(v) for v in (c, x))
    scale = float(np.sqrt((c @ c) * (x @ x)))
    if scale <= 0:
        raise NumericsError("a variable is constant")
    order = np.argsort(rng.random((permutations, len(c))), axis=1, kind="stable")
    drawn = c[order] @ x
    observed = float(c @ x)
    low = int((drawn <= observed + TIE * scale).sum())
    high = int((drawn >= observed - TIE * scale).sum())
    return min(1.0, 2 * (1 + min(low, high)) / (1 + permutations))


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
    bad = int((~(np.isfinite(y) & np.isfinite(w) & (y > 0) & (w > 0))).sum())
    if bad:
        raise NumericsError(f"{bad} incomes or weights are missing, zero or negative")
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
    return float(p @ (r * np.log(r))) if measure == THEIL_T else float(-(p @ np.log(r)))


def gini(income: Array, weights: Array) -> float:
    """Return the Gini coefficient, sum_ij p_i p_j |r_i - r_j| / 2; income, weights
    (N,).
    """
    p, r = relative_incomes(income, weights)
    order = np.argsort(r, kind="stable")
    p = p[order]
    r = r[order]
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
    poorest_first = np.argsort(group_means(p, r, groups)[1], kind="stable")
    parts = [(p[groups == group], r[groups == group]) for group in poorest_first]
    within = sum(_lead(part, part) for part in parts)
    pairs = list(combinations(parts, 2))
    ahead = sum(_lead(rich, poor) for poor, rich in pairs)
    behind = sum(_lead(poor, rich) for poor, rich in pairs)
    return DagumParts(gini(income, weights), within, ahead - behind, 2 * behind)


def _lead(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    """Return the sum over pairs of what members of one group have more, each group as
    shares and incomes.
    """
    p, r = one
    order = np.argsort(other[1], kind="stable")
    q, s = (values[order] for values in other)
    below = np.searchsorted(s, r)
    return float(
        p
        @ (
            r * np.append(0.0, np.cumsum(q))[below]
            - np.append(0.0, np.cumsum(q * s))[below]
        )
    )


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


MOST_GROUPS = 8


class TheilParts(NamedTuple):
    """A Theil index and its parts."""

    total: float  # total = between + within
    between: float
    within: float
    group_within: (
        np.ndarray
    )  # (G,) contribution of the inequality inside each group; they sum to ``within``

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
    terms = p * r * np.log(inner) if measure == THEIL_T else -p * np.log(inner)
    inside = np.bincount(groups, terms)
    return TheilParts(
        theil_of_shares(p, r, measure),
        theil_of_shares(size, mean, measure),
        float(inside.sum()),
        inside,
    )


def nested_theil(
    income: Array, weights: Array, outer: Array, inner: Array, measure: str = THEIL_T
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
    alone = [
        decompose_theil(income, weights, groups, measure).between for groups in (a, b)
    ]
    both = decompose_theil(income, weights, crossed(a, b), measure)
    part = (both.between + alone[0] - alone[1]) / 2
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
    people = np.concatenate([[0.0], np.cumsum(p[order])])
    earned = np.concatenate([[0.0], np.cumsum((p * r)[order])])
    return max(
        _parade(people / people[-1], earned, ordering, measure)
        for ordering in set(permutations(size.tolist()))
    )


def _parade(
    people: Array, earned: Array, sizes: Sequence[float], measure: str
) -> float:
    ends = np.minimum(np.concatenate([[0.0], np.cumsum(sizes)]), 1.0)
    ends[-1] = 1.0
    size = np.diff(ends)
    return theil_of_shares(
        size, np.diff(np.interp(ends, people, earned)) / size, measure
    )


CHUNK = 2000
INEQUALITY_DRAWS_TIE = 1e-12
MOST_SETS = 50_000


class ShareTest(NamedTuple):
    """Whether a grouping explains more of inequality than another one of the same
    sizes.
    """

    between: float  # inequality between the groups
    expected: float  # its mean over the draws
    p_value: float  # share of draws at least as large, the observed one counted
    draws: int  # permutations, or connected sets


def between_test(
    income: Array,
    weights: Array,
    groups: np.ndarray,
    *,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> ShareTest:
    """Test the inequality between groups by permuting their labels over the units."""
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, groups[None], measure)[0])
    above = 0
    total = 0.0
    for first in range(0, draws, CHUNK):
        shape = min(CHUNK, draws - first), len(p)
        drawn = _between(
            p, r, rng.permuted(np.broadcast_to(groups, shape), axis=1), measure
        )
        above += int((drawn >= seen - INEQUALITY_DRAWS_TIE).sum())
        total += float(drawn.sum())
    return ShareTest(seen, total / max(draws, 1), (1 + above) / (1 + draws), draws)


def _between(p: Array, r: Array, labels: np.ndarray, measure: str) -> Array:
    both = np.column_stack([p, p * r])
    out = np.zeros(len(labels))
    for group in range(int(labels.max()) + 1):
        size, income = ((labels == group).astype(float) @ both).T
        logs = np.log(income / size)
        out += income * logs if measure == THEIL_T else -size * logs
    return out


def connected_test(
    income: Array,
    weights: Array,
    inside: np.ndarray,
    neighbours: Weights,
    measure: str = THEIL_T,
) -> ShareTest:
    """Test the inequality between a connected group and the rest over all connected
    groups of its size.

    Notes
    -----
    Neighbours resemble each other, so that a compact group differs from the rest more
    than scattered units do; only other compact groups are a fair comparison.
    """
    inside = np.asarray(inside, dtype=bool)
    size = int(inside.sum())
    if not 0 < size < len(inside):
        raise NumericsError("the group is empty or holds every unit")
    if not hangs_together(np.flatnonzero(inside), neighbours):
        raise NumericsError("the group is not connected")
    sets = connected_sets(neighbours, size, MOST_SETS)
    codes = np.zeros((len(sets), len(inside)), dtype=int)
    np.put_along_axis(codes, sets, 1, axis=1)
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, inside[None].astype(int), measure)[0])
    drawn = _between(p, r, codes, measure)
    return ShareTest(
        seen,
        float(drawn.mean()),
        float((drawn >= seen - INEQUALITY_DRAWS_TIE).mean()),
        len(sets),
    )


def leave_one_out_theil(income: Array, weights: Array, measure: str = THEIL_T) -> Array:
    """Return the Theil index of the other units for each unit left out; income, weights
    (N,) -> (N,).
    """
    if len(income) < 3:
        raise NumericsError(
            f"{len(income)} units: leaving one out needs at least three"
        )
    p, r = relative_incomes(income, weights)
    return reweighted_theil(p, r, 1.0 - np.eye(len(p)), measure)


def reweighted_theil(
    p: Array, r: Array, times: np.ndarray, measure: str = THEIL_T
) -> Array:
    """Return the Theil index when units count several times or not at all; p, r (N,),
    times (B, N) -> (B,).
    """
    terms = p * r * np.log(r) if measure == THEIL_T else -p * np.log(r)
    size, income, entropy = (times @ np.column_stack([p, p * r, terms])).T
    level = np.log(income / size)
    return np.asarray(
        entropy / income - level if measure == THEIL_T else entropy / size + level
    )


def redrawn_theil(
    income: Array,
    weights: Array,
    *,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> Array:
    """Return the Theil index over samples of units drawn with replacement; income,
    weights (N,) -> (draws,).
    """
    p, r = relative_incomes(income, weights)
    times = rng.multinomial(len(p), np.full(len(p), 1 / len(p)), size=draws).astype(
        float
    )
    return reweighted_theil(p, r, times, measure)


def revised_theil(
    income: Array,
    weights: Array,
    *,
    sd_income: float,
    sd_weights: float,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> Array:
    """Return the Theil index under revisions of the figures; income, weights (N,) ->
    (draws,).
    """
    output = (
        np.asarray(income)
        * weights
        * np.exp(sd_income * rng.standard_normal((draws, len(income))))
    )
    people = np.asarray(weights) * np.exp(
        sd_weights * rng.standard_normal((draws, len(income)))
    )
    p = people / people.sum(axis=1, keepdims=True)
    s = output / output.sum(axis=1, keepdims=True)
    first = s if measure == THEIL_T else -p
    return np.asarray((first * np.log(s / p)).sum(axis=1))
