"""Spatial and serial kernels: Conley errors of cross-sections and panels."""

from typing import Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inference.cluster_robust import (
    Clusters,
    RobustInference,
    encoded,
    robust_inference,
)
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.spatial import EARTH_RADIUS_KM, chord, unit_vectors

SAME_STEP = 1e-9


def date_positions(times: np.ndarray | Clusters, lags: int) -> tuple[np.ndarray, int]:
    """Return the position of each row's date and the number of dates; times (R,)."""
    dates, positions = encoded(times)
    if not 0 <= lags < len(dates):
        raise NumericsError(
            f"{lags} serial lags need more than {lags} dates; there are {len(dates)}"
        )
    if dates.dtype.kind in "iuf" and len(dates) > 1:
        steps = np.diff(dates.astype(float))
        if np.ptp(steps) > SAME_STEP * abs(steps[0]):
            raise NumericsError(
                f"the dates have a gap after {dates[int(steps.argmax())]}: a lag would"
                " span it"
            )
    return positions.reshape(-1), len(dates)


def bartlett_weights(lags: int) -> np.ndarray:
    """Return 1 - l/(L + 1) for l = 1..L; shape (L,)."""
    return np.asarray(1.0 - np.arange(1, lags + 1) / (lags + 1))


KernelShape = Literal["bartlett", "uniform"]


class SpatialKernel(NamedTuple):
    """Kernel weights between units."""

    units: np.ndarray  # (N,) names in sorted order
    # (N, N) symmetric, ones on the diagonal, nothing beyond the cut-off
    weights: csr_array
    cutoff_km: float  # distance from which the weight is zero
    shape: KernelShape  # 1 - d / cut-off, or one


def spatial_kernel(
    units: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
    cutoff_km: float,
    shape: KernelShape = "bartlett",
) -> SpatialKernel:
    """Find the neighbours of every unit on the sphere and weight them; units (N,), lat,
    lon (N,).

    Notes
    -----
    A k-d tree of points on the unit sphere: an arc of d is a chord of 2 sin(d / 2R).
    """
    names, order = np.unique(np.asarray(units), return_index=True)
    lat, lon = (np.asarray(a, dtype=float) for a in (lat, lon))
    if not len(units) == len(names) == len(lat) == len(lon):
        raise NumericsError(
            f"{len(units)} units with {len(names)} names, {len(lat)} latitudes,"
            f" {len(lon)} longitudes"
        )
    if not (np.isfinite(lon).all() and (np.abs(lat) <= 90).all()):
        raise NumericsError(
            "a coordinate is missing, or a latitude lies beyond the poles"
        )
    if not cutoff_km > 0 or shape not in {"bartlett", "uniform"}:
        raise NumericsError(f"no {shape} kernel with a cut-off of {cutoff_km:g} km")
    points = unit_vectors(lat[order], lon[order])
    return SpatialKernel(names, _weights(points, cutoff_km, shape), cutoff_km, shape)


def _weights(points: np.ndarray, cutoff_km: float, shape: KernelShape) -> csr_array:
    n = len(points)
    i, j = cKDTree(points).query_pairs(chord(cutoff_km), output_type="ndarray").T
    chords = np.sqrt(((points[i] - points[j]) ** 2).sum(axis=1))
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / 2, 1.0))
    pairs = (
        np.maximum(1 - distance / cutoff_km, 0.0)
        if shape == "bartlett"
        else np.ones(len(i))
    )
    own = np.arange(n)
    rows = np.concatenate([i, j, own])
    columns = np.concatenate([j, i, own])
    return csr_array(
        (np.concatenate([pairs, pairs, np.ones(n)]), (rows, columns)), shape=(n, n)
    )


ConleyFactor = Literal["none", "N/(N-K)"]


def conley_inference(
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray | Clusters,
    kernel: SpatialKernel,
    factor: ConleyFactor = "none",
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta of a cross-section against zero, with spatially correlated errors; c
    (K,), units (N,).

    Notes
    -----
    Conley (1999). With a cut-off below the smallest distance it is HC0.
    """
    units = encoded(units)
    if len(units.names) != len(units.codes):
        raise NumericsError(
            "a cross-section holds each unit once: use conley_panel_inference"
        )
    scores = _scores(fit, c, units, np.zeros(len(units.codes), dtype=int), 1, kernel)
    # ASSUME: t with N - K degrees of freedom for Conley's cross-section; no
    # small-sample law is known for it.
    value = _factor(factor, len(fit.y), len(c))
    return robust_inference(
        float(c @ fit.beta), _spatial_part(scores, kernel), fit.df, value, factor, level
    )


def conley_panel_inference(
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray | Clusters,
    times: np.ndarray | Clusters,
    kernel: SpatialKernel,
    lags: int,
    factor: ConleyFactor = "none",
    absorbed: int = 0,
    level: float = 0.95,
    *,
    all_dates: bool = False,
) -> RobustInference:
    """Test c'beta of a panel against zero, with spatial correlation within dates and
    serial correlation within units.

    Notes
    -----
    Conley (1999), Hsiang (2010): no terms between different units at different dates.
    With ``all_dates`` the spatial kernel alone weights a pair of rows, whatever their
    dates, and no lag is asked for: clustering by unit, spread.
    """
    positions, T = date_positions(times, lags)
    units = encoded(units)
    scores = _scores(fit, c, units, positions, T, kernel)
    if all_dates:
        variance = _spatial_part(scores.sum(axis=1, keepdims=True), kernel)
    else:
        variance = _spatial_part(scores, kernel) + _serial_part(scores, lags)
    value = _factor(factor, len(fit.y), len(c) + absorbed)
    # ASSUME: t with one degree of freedom fewer than units for Conley's panel.
    df = len(units.names) - 1
    return robust_inference(float(c @ fit.beta), variance, df, value, factor, level)


def _scores(
    fit: OlsFit,
    c: np.ndarray,
    units: Clusters,
    positions: np.ndarray,
    T: int,
    kernel: SpatialKernel,
) -> np.ndarray:
    names, codes = units
    if codes.shape != fit.y.shape or positions.shape != fit.y.shape:
        raise NumericsError(
            f"{codes.size} units and {positions.size} dates do not fit {fit.y.size}"
            " observations"
        )
    row_of_unit = np.minimum(
        np.searchsorted(kernel.units, names), len(kernel.units) - 1
    )
    unknown = kernel.units[row_of_unit] != names
    if unknown.any():
        rows = int(unknown[codes].sum())
        lacking = counted(rows, "row has a unit", "rows have units")
        example = names[unknown][0]
        raise NumericsError(f"{lacking} without a place, for example {example}")
    cells = row_of_unit[codes] * T + positions
    if np.bincount(cells).max() > 1:
        raise NumericsError("a unit has two rows at the same date")
    scores = np.zeros((len(kernel.units), T))
    scores.reshape(-1)[cells] = (
        fit.X @ (fit.bread @ np.asarray(c, dtype=float)) * fit.u_hat
    )
    return scores


def _spatial_part(scores: np.ndarray, kernel: SpatialKernel) -> float:
    """Return sum_t sum_ij K(d_ij) s_it s_jt, Conley (1999); scores (N, T)."""
    return float((scores * (kernel.weights @ scores)).sum())


def _serial_part(scores: np.ndarray, lags: int) -> float:
    """Return 2 sum_i sum_l (1 - l/(L+1)) sum_t s_it s_i,t-l, Newey and West (1987)."""
    total = 0.0
    for lag, weight in enumerate(bartlett_weights(lags), 1):
        total += 2 * weight * (scores[:, lag:] * scores[:, :-lag]).sum()
    return float(total)


def _factor(name: ConleyFactor, n: int, k: int) -> float:
    if name not in {"none", "N/(N-K)"}:
        raise NumericsError(f"the small-sample factor is none or N/(N-K), not {name}")
    return 1.0 if name == "none" else n / (n - k)
