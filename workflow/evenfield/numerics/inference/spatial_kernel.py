"""Weights that fade with distance, stored for neighbours only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial import EARTH_RADIUS_KM

KernelShape = Literal["bartlett", "uniform"]


@dataclass(frozen=True)
class SpatialKernel:
    """Kernel weights between units."""

    units: np.ndarray  # (N,) names in sorted order
    weights: csr_array  # (N, N) symmetric, ones on the diagonal, nothing beyond the cut-off
    cutoff_km: float  # distance from which the weight is zero
    shape: KernelShape  # 1 - d / cut-off, or one

    @property
    def mean_neighbours(self) -> float:
        """Units within the cut-off, itself not counted, on average."""
        return float(self.weights.nnz / len(self.units) - 1)


def spatial_kernel(
    units: np.ndarray, lat: np.ndarray, lon: np.ndarray, cutoff_km: float, shape: KernelShape = "bartlett"
) -> SpatialKernel:
    """Find the neighbours of every unit on the sphere and weight them; units (N,), lat, lon (N,).

    Notes
    -----
    A k-d tree of points on the unit sphere: an arc of d is a chord of 2 sin(d / 2R).
    """
    names, order = np.unique(np.asarray(units), return_index=True)
    phi, lam = (np.radians(np.asarray(a, dtype=float)) for a in (lat, lon))
    if not len(units) == len(names) == len(phi) == len(lam):
        raise NumericsError(f"{len(units)} units with {len(names)} names, {len(phi)} latitudes, {len(lam)} longitudes")
    if not (np.isfinite(lam).all() and (np.abs(phi) <= np.pi / 2).all()):
        raise NumericsError("a coordinate is missing, or a latitude lies beyond the poles")
    if not cutoff_km > 0 or shape not in {"bartlett", "uniform"}:
        raise NumericsError(f"no {shape} kernel with a cut-off of {cutoff_km:g} km")
    phi, lam = phi[order], lam[order]
    points = np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    return SpatialKernel(names, _weights(points, cutoff_km, shape), cutoff_km, shape)


def _weights(points: np.ndarray, cutoff_km: float, shape: KernelShape) -> csr_array:
    n = len(points)
    reach = 2 * np.sin(min(cutoff_km / EARTH_RADIUS_KM, np.pi) / 2)
    i, j = cKDTree(points).query_pairs(reach, output_type="ndarray").T
    chord = np.sqrt(((points[i] - points[j]) ** 2).sum(axis=1))
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0))
    pairs = np.maximum(1 - distance / cutoff_km, 0.0) if shape == "bartlett" else np.ones(len(i))
    own = np.arange(n)
    rows, columns = np.concatenate([i, j, own]), np.concatenate([j, i, own])
    return csr_array((np.concatenate([pairs, pairs, np.ones(n)]), (rows, columns)), shape=(n, n))
