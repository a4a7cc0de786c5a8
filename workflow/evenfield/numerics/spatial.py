"""Distances and the description of a weights matrix."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import eigvals
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

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
