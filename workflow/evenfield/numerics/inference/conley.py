"""Conley's spatial HAC: errors of neighbours may be correlated, and those of a unit over time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.dates import bartlett_weights, date_positions
from evenfield.numerics.inference.result import RobustInference, robust_inference
from evenfield.numerics.inference.spatial_kernel import SpatialKernel
from evenfield.numerics.ols import OlsFit

ConleyFactor = Literal["none", "N/(N-K)"]


def conley_inference(
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray,
    kernel: SpatialKernel,
    factor: ConleyFactor = "none",
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta of a cross-section against zero, with spatially correlated errors; c (K,), units (N,).

    Notes
    -----
    Conley (1999). With a cut-off below the smallest distance it is HC0.
    """
    if len(np.unique(units)) != len(units):
        raise NumericsError("a cross-section holds each unit once: use conley_panel_inference")
    scores = _scores(fit, c, np.asarray(units), np.zeros(len(units), dtype=int), 1, kernel)
    # ASSUME: t with N - K degrees of freedom for Conley's cross-section; no small-sample law is known for it.
    value = _factor(factor, len(fit.y), len(c))
    return robust_inference(float(c @ fit.beta), _spatial_part(scores, kernel), fit.df, value, factor, level)


def conley_panel_inference(
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray,
    times: np.ndarray,
    kernel: SpatialKernel,
    lags: int,
    factor: ConleyFactor = "none",
    absorbed: int = 0,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta of a panel against zero, with spatial correlation within dates and serial correlation within units.

    Notes
    -----
    Conley (1999), Hsiang (2010): no terms between different units at different dates.
    """
    positions, T = date_positions(times, lags)
    scores = _scores(fit, c, np.asarray(units), positions, T, kernel)
    variance = _spatial_part(scores, kernel) + _serial_part(scores, lags)
    value = _factor(factor, len(fit.y), len(c) + absorbed)
    # ASSUME: t with one degree of freedom fewer than units for Conley's panel.
    df = len(np.unique(units)) - 1
    return robust_inference(float(c @ fit.beta), variance, df, value, factor, level)


def _scores(
    fit: OlsFit, c: np.ndarray, units: np.ndarray, positions: np.ndarray, T: int, kernel: SpatialKernel
) -> np.ndarray:
    if units.shape != fit.y.shape or positions.shape != fit.y.shape:
        raise NumericsError(f"{units.size} units and {positions.size} dates do not fit {fit.y.size} observations")
    place = np.minimum(np.searchsorted(kernel.units, units), len(kernel.units) - 1)
    unknown = kernel.units[place] != units
    if unknown.any():
        raise NumericsError(f"{int(unknown.sum())} rows have units without a place, for example {units[unknown][0]}")
    cells = place * T + positions
    if len(np.unique(cells)) != len(cells):
        raise NumericsError("a unit has two rows at the same date")
    scores = np.zeros((len(kernel.units), T))
    scores.reshape(-1)[cells] = fit.X @ (fit.bread @ np.asarray(c, dtype=float)) * fit.u_hat
    return scores


def _spatial_part(scores: np.ndarray, kernel: SpatialKernel) -> float:
    return float((scores * (kernel.weights @ scores)).sum())


def _serial_part(scores: np.ndarray, lags: int) -> float:
    weights = bartlett_weights(lags)
    return float(sum(2 * w * (scores[:, lag:] * scores[:, :-lag]).sum() for lag, w in enumerate(weights, 1)))


def _factor(name: ConleyFactor, n: int, k: int) -> float:
    if name not in {"none", "N/(N-K)"}:
        raise NumericsError(f"the small-sample factor is none or N/(N-K), not {name}")
    return 1.0 if name == "none" else n / (n - k)
