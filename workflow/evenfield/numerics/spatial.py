"""Distances on the sphere, areas of outlines, weights by distance, connected sets."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from scipy.linalg import eigvals
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from evenfield.numerics.errors import NumericsError


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
    if not np.isfinite(phi + lam).all():
        raise NumericsError("the units have no coordinates")
    half = (
        SIN((phi[:, None] - phi) / 2) ** 2 + COS(phi[:, None]) * COS(phi) * SIN((lam[:, None] - lam) / 2) ** 2
    ).astype(float)
    distance = 2 * EARTH_RADIUS_KM * ARCSIN(np.sqrt(np.clip(half, 0.0, 1.0))).astype(float)
    np.fill_diagonal(distance, 0.0)
    return np.asarray((distance + distance.T) / 2)


def tile_grid(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of a square for each unit, as near as can be to where it lies; lat, lon (N,)."""
    # Some squares stay empty, so that a few units can keep the shape of their country.
    n, room = len(lat), 1.4 if len(lat) <= 100 else 1.0
    wide = max(np.ptp(lon) * np.cos(np.radians(np.mean(lat))), 1e-9) / max(np.ptp(lat), 1e-9)
    columns = int(np.clip(np.ceil(np.sqrt(room * n * wide)), 1, n))
    rows = int(np.ceil(room * n / columns))
    row, column = (place.ravel() for place in np.mgrid[:rows, :columns])
    x = (lon - lon.min()) / max(np.ptp(lon), 1e-9) * (columns - 1)
    y = (lat.max() - lat) / max(np.ptp(lat), 1e-9) * (rows - 1)
    chosen = linear_sum_assignment((x[:, None] - column) ** 2 + (y[:, None] - row) ** 2)[1]
    return row[chosen], column[chosen]


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
