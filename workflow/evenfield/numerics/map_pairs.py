"""Pairs of units on a map: border pairs, bivariate Moran, join counts.

What two neighbours have in common is compared with what two units share that are placed
at random; marks on few units are placed in every way there is.
"""

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inference.cluster_robust import (
    RobustInference,
    robust_inference,
)
from evenfield.numerics.permutations import permuted_orders, two_sided_p
from evenfield.numerics.spatial import Weights, dense, multiplier, sparse

CHUNK = 250
FEWEST_SIDE = 4
MOST_SUBSETS = 200_000


class BorderPairs(NamedTuple):
    """Neighbours on two sides of a line."""

    inside: np.ndarray  # (P,) positions of the two units of each pair
    outside: np.ndarray


def border_pairs(member: np.ndarray, touching: Weights) -> BorderPairs:
    """Find the pairs of neighbours that a line separates; member (N,), touching (N, N)."""
    one, other = sparse(touching).nonzero()
    across = member[one] & ~member[other]
    inside = one[across]
    outside = other[across]
    if not len(inside):
        raise NumericsError("no two neighbours lie on different sides of the line")
    return BorderPairs(inside, outside)


def border_difference(
    y: Array, pairs: BorderPairs, level: float = 0.95
) -> RobustInference:
    """Estimate the mean difference across the line, with errors clustered by the units
    of both sides; y (N,).

    Notes
    -----
    d_p = y_i - y_j over P pairs (i, j); the estimate is their mean, which is the
    coefficient of the inside with pair effects. With u_p = d_p - mean, V = [sum_i
    (sum_p u_p of i)^2 + sum_j (sum_p u_p of j)^2] / P^2: the two-way sum without
    subtracting the pairs' own variance, which errs on the side of caution and is never
    negative. t with the smaller number of units on one side minus one. Cameron, Gelbach
    and Miller (2011); Davezies, D'Haultfoeuille and Guyonvarch (2021).
    """
    sides = [np.unique(side) for side in (pairs.inside, pairs.outside)]
    fewest = min(len(side) for side in sides)
    if fewest < FEWEST_SIDE:
        raise NumericsError(
            f"only {counted(fewest, 'unit stands', 'units stand')} on one side of the line"
        )
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    sums = [
        np.bincount(side, weights=u, minlength=len(y))
        for side in (pairs.inside, pairs.outside)
    ]
    variance = float(sum(part @ part for part in sums)) / len(d) ** 2
    return robust_inference(float(d.mean()), variance, fewest - 1, 1.0, "none", level)


def border_permutation(
    y: Array, pairs: BorderPairs, draws: int, rng: np.random.Generator
) -> float:
    """Return the p-value of the mean difference when outcomes are dealt to units at
    random; y (N,).
    """
    weights = np.zeros(len(y))
    np.add.at(weights, pairs.inside, 1.0 / len(pairs.inside))
    np.add.at(weights, pairs.outside, -1.0 / len(pairs.inside))
    observed = abs(float(weights @ y))
    permuted_outcomes = rng.permuted(np.tile(y, (draws, 1)), axis=1)
    larger = (np.abs(permuted_outcomes @ weights) >= observed * (1 - 1e-9)).sum()
    return float((1 + larger) / (1 + draws))


class PairTest(NamedTuple):
    """A bivariate Moran with its permutation test."""

    statistic: float
    mean: float  # under permutation
    std_error: float
    p_value: float  # two-sided


def bivariate_moran_test(
    x: Array, y: Array, W: Weights, rng: np.random.Generator, permutations: int
) -> PairTest:
    """Test whether a variable goes with another variable of the neighbours; x, y (N,),
    W (N, N).
    """
    x = x - np.mean(x)
    y = y - np.mean(y)
    scale = np.sqrt((x @ x) * (y @ y))
    if scale <= 0 or W.sum() <= 0:
        raise NumericsError("a variable is constant or the weights hold no link")
    side = W.T @ x / scale
    observed = float(x @ (W @ y) / scale)
    orders = permuted_orders(len(y), rng, permutations, CHUNK)
    drawn = np.concatenate([y[order] @ side for order in orders])
    return PairTest(
        statistic=observed,
        mean=float(drawn.mean()),
        std_error=float(drawn.std(ddof=1)),
        p_value=float(two_sided_p(drawn, observed)),
    )


class JoinCounts(NamedTuple):
    """Links between marked units, with their permutation distribution."""

    both: int  # links of two marked units
    one: int  # links of one
    neither: int  # links of none
    # mean number of links of two marked units when the marks are placed at random
    expected: float
    p_value: float  # probability of at least ``both`` such links
    subsets: int  # placements it rests on
    exact: bool  # whether all placements were counted


def join_counts(
    marked: np.ndarray, W: Weights, rng: np.random.Generator, permutations: int
) -> JoinCounts:
    """Count links between marked units and compare with all placements of as many
    marks; marked (N,), W (N, N).

    Notes
    -----
    Cliff and Ord (1981), non-free sampling. Expected: links k (k-1) / (N (N-1)).
    """
    marks = np.asarray(marked, dtype=float)
    n = len(marks)
    k = int(marks.sum())
    if not np.isin(marks, (0.0, 1.0)).all() or not 0 < k < n:
        raise NumericsError(
            f"{k} of {n} units are marked, join counts need some and not all"
        )
    links = multiplier(csr_array(sparse(W) + sparse(W).T > 0))
    total = int(links.sum()) // 2
    both = int(marks @ (links @ marks)) // 2
    touched = int(marks @ (links @ (1 - marks)))
    counts, exact = _placements(links, k, rng, permutations)
    hits = int((counts >= both).sum())
    p_value = hits / len(counts) if exact else (1 + hits) / (1 + len(counts))
    expected = total * k * (k - 1) / (n * (n - 1))
    return JoinCounts(
        both=both,
        one=touched,
        neither=total - both - touched,
        expected=expected,
        p_value=p_value,
        subsets=len(counts),
        exact=exact,
    )


def _placements(
    links: Weights, k: int, rng: np.random.Generator, permutations: int
) -> tuple[Array, bool]:
    n = links.shape[0]
    if comb(n, k) <= MOST_SUBSETS:
        return _every_placement(dense(links).tobytes(), n, k), True
    orders = permuted_orders(n, rng, permutations, CHUNK)
    return np.concatenate([_linked_pairs(links, sets[:, :k]) for sets in orders]), False


@lru_cache(maxsize=8)
def _every_placement(links: bytes, n: int, k: int) -> Array:
    sets = np.array(list(combinations(range(n), k)))
    return _linked_pairs(np.frombuffer(links).reshape(n, n), sets)


def _linked_pairs(links: Weights, sets: np.ndarray) -> Array:
    marks = np.zeros((len(sets), links.shape[0]))
    np.put_along_axis(marks, sets, 1.0, axis=1)
    return np.asarray((marks * (links @ marks.T).T).sum(axis=1) / 2)
