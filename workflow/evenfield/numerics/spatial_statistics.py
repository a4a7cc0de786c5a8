"""Spatial association of many maps at once: Moran, Geary, local Moran.

One permutation of the units serves all maps, so that the draws keep the dependence
between the years and joint p-values can be read from their largest statistic.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import CHUNK, bases, moved_maps, of_neighbours, projected
from evenfield.numerics.permutations import TIE, permuted_orders, tail_p, two_sided_p
from evenfield.numerics.spatial import Weights, multiplier, sparse


class MapTests(NamedTuple):
    """One statistic for each of T maps, with permutations shared by all of them."""

    statistic: Array
    mean: Array
    std_error: Array
    p_value: Array
    p_joint: Array
    # the multiple of ``std_error`` that all maps stay within with the given probability
    sup_t: float


def map_statistics(e: Array, W: Weights) -> tuple[Array, Array]:
    """Return Moran's I and Geary's C of maps that already have mean zero; e (N,
    ...), W (N, N) -> (...).

    Notes
    -----
    Cliff and Ord (1981). sum_ij w_ij (e_i - e_j)^2 = sum_i (w_i. + w_.i) e_i^2 - 2
    e'We.
    """
    total = float(W.sum())
    n = len(e)
    squared = e**2
    squares = squared.sum(axis=0)
    product = (e * of_neighbours(W, e)).sum(axis=0)
    links = W.sum(axis=0) + W.sum(axis=1)
    weighted = squared * links.reshape(-1, *[1] * (e.ndim - 1))
    differences = weighted.sum(axis=0) - 2 * product
    return n / total * product / squares, (n - 1) / (2 * total) * differences / squares


def map_tests(
    values: Array,
    W: Weights,
    rng: np.random.Generator,
    permutations: int,
    level: float = 0.95,
    X: Array | None = None,
) -> tuple[MapTests, MapTests]:
    """Test Moran's I and Geary's C of several maps by moving whole units over the map.

    Notes
    -----
    One permutation of the units serves all maps, which keeps the dependence between
    them; the adjusted p-value is Westfall and Young's (1993) single step on |z|. With
    regressors, permuted residuals are regressed on X again (Freedman and Lane 1983).
    Two-sided p = min(1, 2 min(p_low, p_high)).
    """
    values = np.asarray(values, dtype=float)
    W = multiplier(W)
    basis = bases(np.ones((len(values), 1)) if X is None else X)
    e = projected(values, basis)
    if W.sum() <= 0:
        raise NumericsError("the spatial weights hold no link")
    if (_squares(e) <= TIE**2 * _squares(values)).any():
        raise NumericsError("the values of a map are constant")
    drawn = [
        map_statistics(moved, W)
        for moved in moved_maps(e, None if X is None else basis, rng, permutations)
    ]
    moran_draws, geary_draws = map(np.concatenate, zip(*drawn, strict=True))
    moran, geary = map_statistics(e, W)
    return _map_tests(moran, moran_draws, level), _map_tests(geary, geary_draws, level)


def _squares(maps: Array) -> Array:
    return np.asarray((maps**2).sum(axis=0))


def _map_tests(observed: Array, drawn: Array, level: float) -> MapTests:
    mean = drawn.mean(axis=0)
    standard_deviation = drawn.std(axis=0, ddof=1)
    if not (standard_deviation > TIE).all():
        raise NumericsError("moving the units over the map changes nothing")
    # Westfall and Young: each map against the largest statistic of all maps.
    largest = np.abs((drawn - mean) / standard_deviation).max(axis=1)
    z = np.abs((observed - mean) / standard_deviation)
    larger = (largest[:, None] >= z - TIE).sum(axis=0)
    return MapTests(
        statistic=observed,
        mean=mean,
        std_error=standard_deviation,
        p_value=two_sided_p(drawn, observed),
        p_joint=(1 + larger) / (1 + len(drawn)),
        sup_t=float(np.quantile(largest, level, method="higher")),
    )


class LocalTests(NamedTuple):
    """Local Moran of every unit on every map."""

    statistic: (
        Array  # (N, T) local Moran and its conditional two-sided permutation p-value
    )
    p_value: Array
    q_value: Array  # (N, T) adjusted by Benjamini and Hochberg within each map
    quadrant: np.ndarray  # (N, T) HH, LH, LL or HL


def local_moran_tests(
    values: Array, W: Weights, rng: np.random.Generator, permutations: int
) -> LocalTests:
    """Test the local Moran of every unit, holding its own value fixed and moving the
    others.

    Notes
    -----
    Anselin (1995); false discovery rate over the units of a map as in de Castro and
    Singer (2006). All units share the permutations, and those with as many neighbours
    share the sums over the first places.
    """
    from scipy.stats import false_discovery_control

    values = np.asarray(values, dtype=float)
    z = values - values.mean(axis=0)
    squares = _squares(z)
    if len(z) < 3 or (squares <= TIE**2 * _squares(values)).any():
        raise NumericsError("a local Moran needs three units and values that vary")
    lag = multiplier(W) @ z
    links = sparse(W)
    p_value = _local_p(z, links, lag, rng, permutations)
    high = np.where(lag > 0, "HH", "HL")
    low = np.where(lag > 0, "LH", "LL")
    quadrant = np.where(z > 0, high, low).astype(object)
    quadrant[np.diff(links.indptr) == 0] = ""
    return LocalTests(
        statistic=(len(z) - 1) * z * lag / squares,
        p_value=p_value,
        q_value=false_discovery_control(p_value, axis=0),
        quadrant=quadrant,
    )


def _local_p(
    z: Array, links: csr_array, lag: Array, rng: np.random.Generator, permutations: int
) -> Array:
    """Return conditional p-values of the neighbours' averages; z, lag (N, T)."""
    counts = np.diff(links.indptr)
    widest = int(counts.max(initial=0))
    # The first places of an order are a random set of neighbours; one more stands in
    # where a unit meets itself.
    orders = permuted_orders(len(z), rng, permutations, CHUNK)
    first = np.concatenate([block[:, : widest + 1] for block in orders])
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
    for k in range(1, widest + 1):
        total += z[first[:, k - 1]]
        units = alike[counts[alike] == k]
        if len(units):
            observed = lag[units] / weight[units, None]
            tails = _tails(total, observed, k * tie)
            tails += _without_themselves(total, z, first, units, k, observed, k * tie)
            low, high = tails
            p_value[units] = tail_p(low, high, permutations)
    for i in some[~equal]:
        weights = links.data[links.indptr[i] : links.indptr[i + 1]]
        own = first[:, : len(weights)]
        chosen = np.where(own == i, first[:, [len(weights)]], own)
        drawn = np.tensordot(z[chosen], weights, axes=(1, 0))
        p_value[i] = two_sided_p(drawn, lag[i], tie)
    return p_value


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
    position = np.full(len(z), -1)
    position[units] = np.arange(len(units))
    draw, place = np.nonzero(position[first[:, :k]] >= 0)
    unit = first[draw, place]
    at = position[unit]
    before = total[draw]
    after = before - z[unit] + z[first[draw, k]]
    changes = np.zeros((2, *observed.shape), dtype=np.int64)
    low, high = observed[at] + tie, observed[at] - tie
    np.add.at(changes[0], at, (after <= low).astype(int) - (before <= low))
    np.add.at(changes[1], at, (after >= high).astype(int) - (before >= high))
    return changes
