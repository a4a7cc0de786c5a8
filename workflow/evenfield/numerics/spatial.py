"""Distances on the sphere, areas of outlines, weights by distance, connected sets.

Distances come from the C library and not from NumPy, whose sines differ in the last digit
between processors. Weights are dense or sparse, whichever multiplies faster.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from scipy.linalg import eigvals
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigs
from scipy.spatial import cKDTree

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError


def ring_area_km2(lon: Array, lat: Array) -> float:
    """Return the area inside a closed ring on a sphere; lon, lat (N,).

    Notes
    -----
    R^2/2 |sum (lon_2 - lon_1) (2 + sin lat_1 + sin lat_2)|, the trapezoidal rule on the
    cylindrical equal-area map; Chamberlain and Duquette (2007). Rings that cross the
    date line or hold a pole are not meant.
    """
    widths = np.diff(np.radians(lon))
    sine = np.sin(np.radians(lat))
    strips = np.sum(widths * (2 + sine[:-1] + sine[1:]))
    return float(EARTH_RADIUS_KM**2 / 2 * abs(strips))


def polygon_area_km2(rings: Sequence[Array]) -> float:
    """Return the area of a polygon with holes; rings (N, 2)."""
    outer, *holes = [ring_area_km2(ring[:, 0], ring[:, 1]) for ring in rings]
    return outer - sum(holes)


EARTH_RADIUS_KM = 6371.0
# From the C library: NumPy's own differ in the last digit between processors, and
# weights are handed over in full.
SIN, COS, ARCSIN = (
    np.frompyfunc(function, 1, 1) for function in (math.sin, math.cos, math.asin)
)
EXP = np.frompyfunc(math.exp, 1, 1)
POWER = np.frompyfunc(math.pow, 2, 1)
REAL = 1e-8
CHORD_SLACK = 1e-12  # so that rounding of a chord loses no pair
PAIRS_AT_ONCE = 1 << 18  # their numbers stay in the cache
LARGEST_FOR_EIGENVALUES = 500
LARGEST_FOR_ASSIGNMENT = 3_000  # units that squares are dealt to one by one
DENSE_UNITS = 100  # up to so many units dense products are faster
DENSE_SHARE = 0.25
Weights: TypeAlias = Array | csr_array


def unit_vectors(lat: Array, lon: Array) -> Array:
    """Return points on the unit sphere; lat, lon (N,) in degrees -> (N, 3)."""
    phi = np.radians(lat)
    lam = np.radians(lon)
    x = np.cos(phi) * np.cos(lam)
    y = np.cos(phi) * np.sin(lam)
    return np.column_stack([x, y, np.sin(phi)])


def chord(km: float) -> float:
    """Return the straight line through the unit sphere between two points so far apart."""
    return float(2 * np.sin(min(km / EARTH_RADIUS_KM, np.pi) / 2))


def pair_km(lat: np.ndarray, lon: np.ndarray, i: np.ndarray, j: np.ndarray) -> Array:
    """Return great-circle distances of pairs of points; lat, lon (N,), i, j (P,) ->
    (P,).
    """
    phi = np.radians(lat)
    lam = np.radians(lon)
    if not np.isfinite(phi + lam).all():
        raise NumericsError("the units have no coordinates")
    cosine = COS(phi).astype(float)
    out = np.empty(len(i))
    for first in range(0, len(i), PAIRS_AT_ONCE):
        part = slice(first, first + PAIRS_AT_ONCE)
        a = i[part]
        b = j[part]
        across_latitude, width = (
            POWER(SIN((angle[a] - angle[b]) / 2), 2.0).astype(float)
            for angle in (phi, lam)
        )
        # Haversine: sin^2(d / 2R) = sin^2(dphi/2) + cos phi_1 cos phi_2 sin^2(dlam/2)
        half = across_latitude + cosine[a] * cosine[b] * width
        angle = ARCSIN(np.sqrt(np.clip(half, 0.0, 1.0))).astype(float)
        out[part] = 2 * EARTH_RADIUS_KM * angle
    return out


def haversine_km(lat: Array, lon: Array) -> Array:
    """Return great-circle distances between points; lat, lon (N,) -> (N, N)."""
    out = np.zeros((len(lat), len(lat)))
    i, j = all_pairs(len(lat))
    out[i, j] = out[j, i] = pair_km(lat, lon, i, j)
    return out


def all_pairs(n: int) -> tuple[Array, Array]:
    """Return every pair of n units once, the earlier unit first; two (P,)."""
    i, j = np.triu_indices(n, 1)
    return i.astype(np.int32), j.astype(np.int32)


def near_pairs(lat: Array, lon: Array, km: float) -> tuple[Array, Array, Array]:
    """Return the pairs of units at most so far apart and their distances; three (P,)."""
    # A tree finds candidates by their chords, with slack; distances then decide.
    tree = cKDTree(unit_vectors(lat, lon))
    i, j = tree.query_pairs(chord(km) + CHORD_SLACK, output_type="ndarray").T
    distance = pair_km(lat, lon, i, j)
    near = distance <= km
    return i[near], j[near], distance[near]


def nearest_units(lat: Array, lon: Array, k: int) -> Array:
    """Return the k nearest units of each unit; ties go to the earlier unit; -> (N, k)."""
    points = unit_vectors(lat, lon)
    n = len(lat)
    taken = k + 1
    # Until the k-th chord is clearly shorter than the last, so that no tie is cut off.
    while True:
        taken = min(2 * taken, n)
        chords, neighbours = map(np.asarray, cKDTree(points).query(points, taken))
        if taken == n or (chords[:, -1] > chords[:, k] + CHORD_SLACK).all():
            break
    own = np.repeat(np.arange(n), taken)
    distance = pair_km(lat, lon, own, neighbours.ravel())
    distance[own == neighbours.ravel()] = np.inf
    order = np.lexsort((neighbours, distance.reshape(neighbours.shape)))[:, :k]
    return np.take_along_axis(neighbours, order, axis=1)


def symmetric(n: int, i: np.ndarray, j: np.ndarray, values: Array) -> csr_array:
    """Return a symmetric matrix from its values above the diagonal; i, j, values (P,)
    -> (N, N).
    """
    half = csr_array((values, (i, j)), shape=(n, n))
    return csr_array(half + half.T)


def tile_grid(lat: Array, lon: Array) -> tuple[Array, Array]:
    """Return row and column of a square for each unit, as near as can be to where it
    lies; lat, lon (N,).
    """
    lat, lon = (np.asarray(values, dtype=float) for values in (lat, lon))
    # Some squares stay empty, so that a few units can keep the shape of their country.
    n = len(lat)
    room = 1.4 if len(lat) <= 100 else 1.0
    width = np.ptp(lon) * np.cos(np.radians(np.mean(lat)))
    wide = max(width, 1e-9) / max(np.ptp(lat), 1e-9)
    columns = int(np.clip(np.ceil(np.sqrt(room * n * wide)), 1, n))
    rows = int(np.ceil(room * n / columns))
    if n > LARGEST_FOR_ASSIGNMENT:
        return _tile_strips(lat, lon, columns)
    row, column = (coordinate.ravel() for coordinate in np.mgrid[:rows, :columns])
    x = (lon - lon.min()) / max(np.ptp(lon), 1e-9) * (columns - 1)
    y = (lat.max() - lat) / max(np.ptp(lat), 1e-9) * (rows - 1)
    squared_distance = (x[:, None] - column) ** 2 + (y[:, None] - row) ** 2
    chosen = linear_sum_assignment(squared_distance)[1]
    return row[chosen], column[chosen]


def _tile_strips(lat: Array, lon: Array, columns: int) -> tuple[Array, Array]:
    """Return row and column where rows of squares are filled from the north, each from
    the west; lat, lon (N,).
    """
    # All pairs of unit and square take N x N numbers and N^3 steps, strips N log N.
    n = len(lat)
    row = np.empty(n, dtype=int)
    column = np.empty(n, dtype=int)
    row[np.lexsort((lon, -lat))] = np.arange(n) // columns
    column[np.lexsort((lon, row))] = np.arange(n) % columns
    return row, column


def decay(distance: Array, power: float) -> Array:
    """Return inverse distances, 1/d^power; distance (P,) -> (P,)."""
    return 1.0 / np.asarray(POWER(distance, power), dtype=float)


def exponential(distance: Array, range_km: float) -> Array:
    """Return exp(-d / range); distance (P,) -> (P,)."""
    return np.asarray(EXP(-distance / range_km), dtype=float)


def sparse(W: Weights) -> csr_array:
    """Return weights as sparse floats in sorted order; W (N, N)."""
    out = csr_array(W.astype(float))
    out.sort_indices()
    return out


def dense(W: Weights) -> Array:
    """Return weights as an array; W (N, N)."""
    return W.toarray() if isinstance(W, csr_array) else np.asarray(W, dtype=float)


def multiplier(W: Weights) -> Weights:
    """Return weights in the form that multiplies fastest: dense where they are few or
    most are links; W (N, N).
    """
    n = W.shape[0]
    links = W.nnz if isinstance(W, csr_array) else np.count_nonzero(W)
    if n > DENSE_UNITS and links <= DENSE_SHARE * n**2:
        return sparse(W)
    return dense(W)


def lagged(W: Weights, values: Array) -> Array:
    """Return W times the last axis but one of an array; W (N, N), values (..., N, T) ->
    (..., N, T).
    """
    if not isinstance(W, csr_array):
        return W @ values
    first = np.moveaxis(values, -2, 0)
    product = np.asarray(W @ first.reshape(len(first), -1))
    return np.moveaxis(product.reshape(first.shape), 0, -2)


def effective_neighbours(matrix: Weights) -> float:
    """Return N divided by the sum of all squared weights of a row-standardised matrix;
    matrix (N, N).
    """
    return float(matrix.shape[0] / (sparse(matrix).data ** 2).sum())


def admissible_range(matrix: Weights) -> tuple[float, float]:
    """Return the range of rho in which I - rho W stays invertible around zero; matrix
    (N, N).
    """
    if matrix.shape[0] <= LARGEST_FOR_EIGENVALUES:
        roots = eigvals(dense(matrix))
        real = roots.real[np.abs(roots.imag) < REAL]
        smallest = real.min()
        largest = real.max()
    else:
        # ASSUME: of many units the root of smallest real part bounds rho even where it
        # is complex, and the largest row sum stands for the largest root (it is that of
        # row-standardised weights), both on the safe side.
        start = np.asarray(np.random.default_rng(0).random(matrix.shape[0]))
        W = sparse(matrix)
        largest = W.sum(axis=1).max()
        try:
            smallest = eigs(
                W, k=1, which="SR", v0=start, tol=REAL, return_eigenvectors=False
            )[0].real
        except ArpackNoConvergence:
            smallest = -largest
    return float(1.0 / smallest if smallest < -REAL else -np.inf), float(1.0 / largest)


def components(matrix: Weights) -> int:
    """Count the connected parts of the graph of weights; matrix (N, N)."""
    return int(connected_components(sparse(matrix), directed=False)[0])


MOST_SETS = 2_000_000


def connected_sets(adjacency: Weights, size: int, most: int = MOST_SETS) -> np.ndarray:
    """List every set of places that hangs together through shared borders; adjacency
    (N, N) -> (S, size).

    Notes
    -----
    Wernicke (2006), algorithm ESU: a set is grown from its first place, and only by
    later places that are new neighbours, so that each set is met once. China's 31
    provinces have 2,281 connected sets of five of 169,911.
    """
    n = adjacency.shape[0]
    if adjacency.shape != (n, n) or not 1 <= size <= n:
        raise NumericsError(
            f"no sets of {size} places in an adjacency of shape {adjacency.shape}"
        )
    pairs = np.argwhere(dense(adjacency)).tolist()
    sets = _listed(tuple((i, j) for i, j in pairs if i != j), n, size, most)
    if sets is None:
        raise NumericsError(
            f"more than {most} connected sets of {size}: sample them or choose a"
            " smaller size"
        )
    return sets


def hangs_together(member: np.ndarray, adjacency: Weights) -> bool:
    """Tell whether the members of a set are connected through each other; member (N,),
    adjacency (N, N).
    """
    return components(sparse(adjacency)[member][:, member]) == 1


@lru_cache(maxsize=8)
def _listed(
    links: tuple[tuple[int, int], ...], n: int, size: int, most: int
) -> np.ndarray | None:
    neighbours = [0] * n
    for i, j in links:
        neighbours[i] |= 1 << j
        neighbours[j] |= 1 << i
    result = []
    for first in range(n):
        later = -1 << (first + 1)
        start = (1 << first, neighbours[first] & later, neighbours[first] | 1 << first)
        for members in _grown(start, size, later, neighbours):
            result.append(members)
            if len(result) > most:
                return None
    sets = np.array(
        sorted(_positions(members) for members in result), dtype=np.intp
    ).reshape(-1, size)
    sets.setflags(write=False)
    return sets


def _grown(
    start: tuple[int, int, int], size: int, later: int, neighbours: list[int]
) -> Iterator[int]:
    """Yield the sets that grow from members, places that may join them, and places
    already seen; all as bits.
    """
    branches = [start]
    while branches:
        members, extension, seen = branches.pop()
        if len(branches) == size - 1:
            yield members
        elif extension:
            # Either the lowest place that may join stays out for good, or it joins.
            bit = extension & -extension
            around = neighbours[bit.bit_length() - 1]
            branches.append((members, extension ^ bit, seen))
            branches.append(
                (members | bit, extension ^ bit | around & later & ~seen, seen | around)
            )


def _positions(members: int) -> list[int]:
    return [i for i in range(members.bit_length()) if members >> i & 1]
