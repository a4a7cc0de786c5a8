"""Statistics of spatial association of many maps at once: Moran, Geary, local Moran."""

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import told
from evenfield.numerics.moran import Pairs, over_pairs, sums_of_products
from evenfield.numerics.permutations import TIE, first_places, tail_p
from evenfield.numerics.spatial import Weights, sparse

NUMBERS_AT_ONCE = 1_000_000  # permutations times maps
IN_CACHE = 250_000  # permutations times units


def map_statistics(e: Array, pairs: Pairs) -> tuple[Array, Array]:
    """Return Moran's I and Geary's C of maps that already have mean zero; e (N,
    ...) -> (...).

    Notes
    -----
    Cliff and Ord (1981). sum_ij w_ij (e_i - e_j)^2 = sum_i (w_i. + w_.i) e_i^2 - 2
    e'We.
    """
    n = len(e)
    total = pairs.total
    squares = sums_of_products(e, e)
    product = sums_of_products(e, over_pairs(pairs, e))
    weighted = np.tensordot(pairs.of_unit, e**2, axes=1)
    differences = weighted - 2 * product
    return n / total * product / squares, (n - 1) / (2 * total) * differences / squares


def local_p_values(
    z: Array, W: Weights, lag: Array, rng: np.random.Generator, permutations: int
) -> Array:
    """Return two-sided p-values of the local Moran, each unit held and the others moved;
    deviations and sums over neighbours z, lag (N, T), W (N, N).

    Notes
    -----
    All units share the permutations, and those with as many neighbours share the sums
    over the first places (Anselin 1995).
    """
    links = sparse(W)
    counts = np.diff(links.indptr)
    widest = int(counts.max(initial=0))
    # The first places of an order are a random set of neighbours; one more stands in
    # where a unit meets itself.
    first = first_places(len(z), min(widest + 1, len(z)), rng, permutations)
    at_once = max(1, NUMBERS_AT_ONCE // permutations)
    starts = range(0, z.shape[1], at_once)
    return np.concatenate(
        [
            _p_values_of(z[:, i : i + at_once], links, lag[:, i : i + at_once], first)
            for i in told(starts, "blocks of maps")
        ],
        axis=1,
    )


def _p_values_of(z: Array, links: csr_array, lag: Array, first: np.ndarray) -> Array:
    """Return p-values of maps from the same permutations; z, lag (N, T), the first
    places of each permutation (B, 1 + most neighbours).
    """
    permutations = len(first)
    counts = np.diff(links.indptr)
    # Sums of products that are equal differ by rounding.
    tie = TIE * np.abs(z).max(axis=0)
    # Smallest and largest weight of each row that has one.
    some = np.flatnonzero(counts)
    lowest = np.minimum.reduceat(links.data, links.indptr[some])
    highest = np.maximum.reduceat(links.data, links.indptr[some])
    p_value = np.ones(z.shape)
    equal = (lowest == highest) & (lowest > 0)
    alike = some[equal]
    weight = np.zeros(len(z))
    weight[some] = lowest
    total = np.zeros((permutations, z.shape[1]))
    for k in range(1, first.shape[1]):
        total += z[first[:, k - 1]]
        units = alike[counts[alike] == k]
        if len(units):
            observed = lag[units] / weight[units, None]
            tails = _tails(total, observed, k * tie)
            tails += _without_themselves(total, z, first, units, k, observed, k * tie)
            low, high = tails
            p_value[units] = tail_p(low, high, permutations)
    unlike = some[~equal]
    for k in np.unique(counts[unlike]):
        units = unlike[counts[unlike] == k]
        for part in np.array_split(units, -(-len(units) * permutations // IN_CACHE)):
            low, high = _weighted_tails(z, links, lag, first, part, int(k), tie)
            p_value[part] = tail_p(low, high, permutations)
    return p_value


def _weighted_tails(
    z: Array,
    links: csr_array,
    lag: Array,
    first: np.ndarray,
    units: np.ndarray,
    k: int,
    tie: Array,
) -> np.ndarray:
    """Count draws at most and at least as large of units with k neighbours of unequal
    weights, (2, n, T).
    """
    weights = links.data[links.indptr[units, None] + np.arange(k)]
    draw, place, at = _own_draws(first, units, k, len(z))
    counts = np.empty((2, len(units), z.shape[1]), dtype=np.int64)
    for t, values in enumerate(z.T):
        # All units share the draws: sums are one product of matrices, (n, B), less what
        # a unit drew of itself.
        drawn = weights @ values[first[:, :k]].T
        stands_in = values[first[draw, k]] - values[units[at]]
        drawn[at, draw] += weights[at, place] * stands_in
        observed = lag[units, t][:, None]
        counts[0, :, t] = (drawn <= observed + tie[t]).sum(axis=1)
        counts[1, :, t] = (drawn >= observed - tie[t]).sum(axis=1)
    return counts


def _own_draws(
    first: np.ndarray, units: np.ndarray, k: int, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where units stand on the first k places of an order: the draw, the place
    and which of the units.
    """
    position = np.full(n, -1)
    position[units] = np.arange(len(units))
    of_place = position[first[:, :k]]
    draw, place = np.nonzero(of_place >= 0)
    return draw, place, of_place[draw, place]


def _tails(drawn: Array, observed: Array, tie: Array) -> np.ndarray:
    """Count draws at most and at least as large, (2, n, T); drawn (B, T), observed (n,
    T).
    """
    ordered = np.sort(drawn, axis=0)
    counts = np.empty((2, *observed.shape), dtype=np.int64)
    for t, column in enumerate(ordered.T):
        above = np.searchsorted(column, observed[:, t] - tie[t], side="left")
        counts[0, :, t] = np.searchsorted(column, observed[:, t] + tie[t], side="right")
        counts[1, :, t] = len(column) - above
    return counts


def _without_themselves(
    total: Array,
    z: Array,
    first: np.ndarray,
    units: np.ndarray,
    k: int,
    observed: Array,
    tie: Array,
) -> np.ndarray:
    """Return what the counts of tails change by where a unit drew itself: the next of
    the order takes its place.
    """
    draw, _, at = _own_draws(first, units, k, len(z))
    before = total[draw]
    after = before - z[units[at]] + z[first[draw, k]]
    changes = np.zeros((2, *observed.shape), dtype=np.int64)
    low, high = observed[at] + tie, observed[at] - tie
    np.add.at(changes[0], at, (after <= low).astype(int) - (before <= low))
    np.add.at(changes[1], at, (after >= high).astype(int) - (before >= high))
    return changes
