"""Distances on the sphere, areas of outlines, borders, connected sets and pairs on a map."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvals
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import RobustInference, robust_inference
from evenfield.numerics.moran import two_sided_p


def ring_area_km2(lon: np.ndarray, lat: np.ndarray) -> float:
    """Return the area inside a closed ring on a sphere; lon, lat (N,).

    Notes
    -----
    R^2/2 |sum (lon_2 - lon_1) (2 + sin lat_1 + sin lat_2)|, the trapezoidal rule on the cylindrical equal-area map;
    Chamberlain and Duquette (2007). Rings that cross the date line or hold a pole are not meant.
    """
    lam, height = np.radians(lon), np.sin(np.radians(lat))
    return float(EARTH_RADIUS_KM**2 / 2 * abs(np.sum(np.diff(lam) * (2 + height[:-1] + height[1:]))))


def polygon_area_km2(rings: Sequence[np.ndarray]) -> float:
    """Return the area of a polygon with holes; rings (N, 2)."""
    outer, *holes = [ring_area_km2(ring[:, 0], ring[:, 1]) for ring in rings]
    return outer - sum(holes)


EARTH_RADIUS_KM = 6371.0
# From the C library: NumPy's own differ in the last digit between processors, and weights are handed over in full.
SIN, COS, ARCSIN = (np.frompyfunc(function, 1, 1) for function in (math.sin, math.cos, math.asin))
EXP, POWER = np.frompyfunc(math.exp, 1, 1), np.frompyfunc(math.pow, 2, 1)
REAL = 1e-8


def haversine_km(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Return great-circle distances between points; lat, lon (N,) -> (N, N)."""
    phi, lam = np.radians(lat), np.radians(lon)
    half = (
        SIN((phi[:, None] - phi) / 2) ** 2 + COS(phi[:, None]) * COS(phi) * SIN((lam[:, None] - lam) / 2) ** 2
    ).astype(float)
    distance = 2 * EARTH_RADIUS_KM * ARCSIN(np.sqrt(np.clip(half, 0.0, 1.0))).astype(float)
    np.fill_diagonal(distance, 0.0)
    return np.asarray((distance + distance.T) / 2)


def nearest_matrix(distance: np.ndarray, k: int) -> np.ndarray:
    """Mark the k nearest units of each unit; ties go to the earlier unit; distance (N, N) -> (N, N)."""
    masked = distance + np.diag(np.full(len(distance), np.inf))
    order = np.argsort(masked, axis=1, kind="stable")[:, :k]
    out = np.zeros_like(distance)
    np.put_along_axis(out, order, 1.0, axis=1)
    return out


def decay_matrix(distance: np.ndarray, power: float) -> np.ndarray:
    """Return inverse distances, 1/d^power, with a zero diagonal; distance (N, N) -> (N, N)."""
    safe = distance + np.eye(len(distance))
    return np.asarray((1.0 - np.eye(len(distance))) / np.asarray(POWER(safe, power), dtype=float))


def exponential_matrix(distance: np.ndarray, range_km: float) -> np.ndarray:
    """Return exp(-d / range) with a zero diagonal; distance (N, N) -> (N, N)."""
    return np.asarray(np.asarray(EXP(-distance / range_km), dtype=float) * (1.0 - np.eye(len(distance))))


def effective_neighbours(matrix: np.ndarray) -> float:
    """Return N divided by the sum of all squared weights of a row-standardised matrix; matrix (N, N)."""
    return float(len(matrix) / (matrix**2).sum())


def admissible_range(matrix: np.ndarray) -> tuple[float, float]:
    """Return the range of rho in which I - rho W stays invertible around zero; matrix (N, N)."""
    roots = eigvals(matrix)
    real = roots.real[np.abs(roots.imag) < REAL]
    low = 1.0 / real.min() if real.min() < -REAL else -np.inf
    return float(low), float(1.0 / real.max())


def components(matrix: np.ndarray) -> int:
    """Count the connected parts of the graph of weights; matrix (N, N)."""
    return int(connected_components(csr_matrix(matrix), directed=False)[0])


MOST_SETS = 2_000_000


def connected_sets(adjacency: np.ndarray, size: int, most: int = MOST_SETS) -> np.ndarray:
    """List every set of places that hangs together through shared borders; adjacency (N, N) -> (S, size).

    Notes
    -----
    Wernicke (2006), algorithm ESU: a set is grown from its first place, and only by later places that are new
    neighbours, so that each set is met once. China's 31 provinces have 2,281 connected sets of five of 169,911.
    """
    adjacency = np.asarray(adjacency)
    n = len(adjacency)
    if adjacency.shape != (n, n) or not 1 <= size <= n:
        raise NumericsError(f"no sets of {size} places in an adjacency of shape {adjacency.shape}")
    touching = (adjacency != 0) | (adjacency.T != 0)
    np.fill_diagonal(touching, val=False)
    found = _listed(touching.tobytes(), n, size, most)
    if found is None:
        raise NumericsError(f"more than {most} connected sets of {size}: sample them or choose a smaller size")
    return found


@lru_cache(maxsize=8)
def _listed(touching: bytes, n: int, size: int, most: int) -> np.ndarray | None:
    rows = np.frombuffer(touching, dtype=bool).reshape(n, n)
    neighbours = [sum(1 << int(j) for j in np.flatnonzero(row)) for row in rows]
    found = []
    for first in range(n):
        later = -1 << (first + 1)
        start = neighbours[first] & later
        for members in _grown(1 << first, start, neighbours[first] | 1 << first, size - 1, later, neighbours):
            found.append(members)
            if len(found) > most:
                return None
    sets = np.array(sorted(_places(members) for members in found), dtype=np.intp).reshape(-1, size)
    sets.setflags(write=False)
    return sets


def _grown(members: int, extension: int, seen: int, missing: int, later: int, neighbours: list[int]) -> Iterator[int]:
    if missing == 0:
        yield members
        return
    while extension:
        bit = extension & -extension
        extension ^= bit
        around = neighbours[bit.bit_length() - 1]
        fresh = around & later & ~seen
        yield from _grown(members | bit, extension | fresh, seen | around, missing - 1, later, neighbours)


def _places(members: int) -> list[int]:
    return [i for i in range(members.bit_length()) if members >> i & 1]


FEWEST_SIDE = 4


class BorderPairs(NamedTuple):
    """Neighbours on two sides of a line."""

    inside: np.ndarray  # (P,) positions of the two units of each pair
    outside: np.ndarray


def border_pairs(member: np.ndarray, touching: np.ndarray) -> BorderPairs:
    """Find the pairs of neighbours that a line separates; member (N,), touching (N, N)."""
    inside, outside = np.nonzero(touching & member[:, None] & ~member[None, :])
    if not len(inside):
        raise NumericsError("no two neighbours lie on different sides of the line")
    return BorderPairs(inside, outside)


def border_difference(y: np.ndarray, pairs: BorderPairs, level: float = 0.95) -> RobustInference:
    """Estimate the mean difference across the line, with errors clustered by the units of both sides; y (N,).

    Notes
    -----
    d_p = y_i - y_j over P pairs (i, j); the estimate is their mean, which is the coefficient of the inside with pair
    effects. With u_p = d_p - mean, V = [sum_i (sum_p u_p of i)^2 + sum_j (sum_p u_p of j)^2] / P^2: the two-way sum
    without subtracting the pairs' own variance, which errs on the side of caution and is never negative. t with the
    smaller number of units on one side minus one. Cameron, Gelbach and Miller (2011); Davezies, D'Haultfoeuille and
    Guyonvarch (2021).
    """
    sides = [np.unique(side) for side in (pairs.inside, pairs.outside)]
    fewest = min(len(side) for side in sides)
    if fewest < FEWEST_SIDE:
        raise NumericsError(f"only {fewest} units stand on one side of the line")
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    sums = [np.bincount(side, weights=u, minlength=len(y)) for side in (pairs.inside, pairs.outside)]
    variance = float(sum(part @ part for part in sums)) / len(d) ** 2
    return robust_inference(float(d.mean()), variance, fewest - 1, 1.0, "none", level)


def border_permutation(y: np.ndarray, pairs: BorderPairs, draws: int, rng: np.random.Generator) -> float:
    """Return the p-value of the mean difference when outcomes are dealt to units at random; y (N,)."""
    weights = np.zeros(len(y))
    np.add.at(weights, pairs.inside, 1.0 / len(pairs.inside))
    np.add.at(weights, pairs.outside, -1.0 / len(pairs.inside))
    observed = abs(float(weights @ y))
    drawn = np.abs(rng.permuted(np.tile(y, (draws, 1)), axis=1) @ weights)
    return float((1 + (drawn >= observed * (1 - 1e-9)).sum()) / (1 + draws))


MOST_SUBSETS = 200_000


class PairTest(NamedTuple):
    """A bivariate Moran with its permutation test."""

    statistic: float  # statistic, mean and standard deviation under permutation, two-sided p-value
    mean: float
    std_error: float
    p_value: float


def bivariate_moran_test(
    x: np.ndarray, y: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int
) -> PairTest:
    """Test whether a variable goes with another variable of the neighbours; x, y (N,), W (N, N)."""
    x, y = (np.asarray(v, dtype=float) - np.mean(v) for v in (x, y))
    scale = np.sqrt((x @ x) * (y @ y))
    if scale <= 0 or W.sum() <= 0:
        raise NumericsError("a variable is constant or the weights hold no link")
    side, observed = W.T @ x / scale, float(x @ W @ y / scale)
    order = np.argsort(rng.random((permutations, len(y))), axis=1, kind="stable")
    drawn = y[order] @ side
    p_value = float(two_sided_p(drawn, np.array(observed)))
    return PairTest(observed, float(drawn.mean()), float(drawn.std(ddof=1)), p_value)


class JoinCounts(NamedTuple):
    """Links between marked units, with their permutation distribution."""

    both: int  # links of two marked units, of one, of none
    one: int
    neither: int
    expected: float  # mean number of links of two marked units when the marks are placed at random
    p_value: float  # probability of at least ``both`` such links
    subsets: int  # placements it rests on
    exact: bool  # whether all placements were counted


def join_counts(marked: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int) -> JoinCounts:
    """Count links between marked units and compare with all placements of as many marks; marked (N,), W (N, N).

    Notes
    -----
    Cliff and Ord (1981), non-free sampling. Expected: links k (k-1) / (N (N-1)).
    """
    marks = np.asarray(marked, dtype=float)
    n, k = len(marks), int(marks.sum())
    if not np.isin(marks, (0.0, 1.0)).all() or not 0 < k < n:
        raise NumericsError(f"{k} of {n} units are marked, join counts need some and not all")
    links = ((W > 0) | (W.T > 0)).astype(float)
    total, both = int(links.sum()) // 2, int(marks @ links @ marks) // 2
    touched = int(marks @ links @ (1 - marks))
    counts, exact = _placements(links, k, rng, permutations)
    hits = int((counts >= both).sum())
    p_value = hits / len(counts) if exact else (1 + hits) / (1 + len(counts))
    expected = total * k * (k - 1) / (n * (n - 1))
    return JoinCounts(both, touched, total - both - touched, expected, p_value, len(counts), exact)


def _placements(links: np.ndarray, k: int, rng: np.random.Generator, permutations: int) -> tuple[np.ndarray, bool]:
    n = len(links)
    if comb(n, k) <= MOST_SUBSETS:
        sets = np.array(list(combinations(range(n), k)))
        return _linked_pairs(links, sets), True
    sets = np.argsort(rng.random((permutations, n)), axis=1, kind="stable")[:, :k]
    return _linked_pairs(links, sets), False


def _linked_pairs(links: np.ndarray, sets: np.ndarray) -> np.ndarray:
    pairs = combinations(range(sets.shape[1]), 2)
    return np.asarray(sum((links[sets[:, a], sets[:, b]] for a, b in pairs), np.zeros(len(sets))))
