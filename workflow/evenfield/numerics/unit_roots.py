"""Unit roots in a panel whose units are dependent: the cross-sectionally augmented test CIPS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

BOUNDS = {"constant": (-6.19, 2.61), "trend": (-6.42, 1.70)}
CHUNK = 100
SINGULAR = 1e-11


@dataclass(frozen=True)
class CipsTest:
    """CIPS with a p-value simulated for the same number of units and dates."""

    statistic: float  # average of the truncated t-ratios of the units
    t_ratios: np.ndarray  # (N,) truncated t-ratios
    p_value: float  # share of simulated panels with a unit root whose statistic is at least as low
    critical_value: float  # 5 percent point of the simulated statistics
    lags: int  # lagged differences in each regression


def cadf_ratios(y: np.ndarray, lags: int, terms: str) -> np.ndarray:
    """Return the t-ratio of the lagged level in every unit's augmented regression; y (..., N, T) -> (..., N).

    Notes
    -----
    d y_it = a_i (+ g_i t) + b_i y_i,t-1 + c_i ybar_t-1 + sum_{j=0..p} d_ij d ybar_t-j + sum_{j=1..p} f_ij d y_i,t-j
    + e_it (Pesaran 2007).
    """
    if terms not in BOUNDS:
        raise NumericsError(f"deterministic terms must be constant or trend, not {terms!r}")
    y = np.asarray(y, dtype=float)
    kept = y.shape[-1] - 1 - lags
    common = _common_columns(y.mean(axis=-2), lags, terms)
    if kept <= common.shape[-1] + 1 + lags:
        raise NumericsError(f"{y.shape[-1]} dates are too few for {lags} lags in a unit root regression")
    change = np.diff(y, axis=-1)
    level = y[..., lags:-1]
    own = [change[..., lags - j : change.shape[-1] - j] for j in range(1, lags + 1)]
    basis = np.linalg.qr(common)[0]
    columns = [_off(column, basis) for column in (change[..., lags:], level, *own)]
    return _last_ratio(columns[0], columns[2:], columns[1], kept - common.shape[-1] - 1 - lags)


def _common_columns(mean: np.ndarray, lags: int, terms: str) -> np.ndarray:
    """Return constant (and trend), the lagged mean and the differences of the mean, shape (..., T', K)."""
    change = np.diff(mean, axis=-1)
    kept = mean.shape[-1] - 1 - lags
    ones = np.ones((*mean.shape[:-1], kept))
    time = ones * (np.arange(kept) - (kept - 1) / 2)
    moves = [change[..., lags - j : change.shape[-1] - j] for j in range(lags + 1)]
    level = mean[..., lags:-1]
    parts = [ones, *([time] if terms == "trend" else []), level - level.mean(axis=-1, keepdims=True), *moves]
    columns = np.stack(parts, axis=-1)
    norm = np.sqrt((columns**2).sum(axis=-2, keepdims=True))
    return np.asarray(columns / np.where(norm > 0, norm, 1.0))


def _off(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return values (..., N, T') less their projection on common columns (..., T', K)."""
    return np.asarray(values - (values @ basis) @ np.swapaxes(basis, -1, -2))


def _last_ratio(outcome: np.ndarray, others: list[np.ndarray], level: np.ndarray, df: int) -> np.ndarray:
    if others:
        frame = np.stack(others, axis=-1)
        basis = np.linalg.qr(frame)[0]
        outcome, level = (
            v - (basis @ (np.swapaxes(basis, -1, -2) @ v[..., None]))[..., 0] for v in (outcome, level)
        )  # fmt: skip
    squares = (level**2).sum(axis=-1)
    if (squares <= SINGULAR**2 * max(float((level**2).max(initial=0.0)), 1.0)).any():
        raise NumericsError("a unit moves exactly with the cross-section mean")
    slope = (outcome * level).sum(axis=-1) / squares
    residual = outcome - slope[..., None] * level
    error = np.sqrt((residual**2).sum(axis=-1) / df / squares)
    return np.asarray(slope / np.maximum(error, np.finfo(float).tiny))


def cips_null(shape: tuple[int, int], lags: int, terms: str, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw CIPS of panels of independent random walks; shape (draws,)."""
    out = []
    for first in range(0, draws, CHUNK):
        walks = np.cumsum(rng.standard_normal((min(CHUNK, draws - first), *shape)), axis=-1)
        out.append(_truncated(cadf_ratios(walks, lags, terms), terms).mean(axis=-1))
    return np.sort(np.concatenate(out))


def cips_test(y: np.ndarray, lags: int, terms: str, rng: np.random.Generator, draws: int) -> CipsTest:
    """Test the hypothesis that every unit has a unit root, allowing for a common factor; y (N, T).

    Notes
    -----
    Pesaran (2007), truncated form; the null distribution is simulated at the same N, T, lags and terms instead of
    interpolated from his tables.
    """
    y = np.asarray(y, dtype=float)
    if len(y) < 3:
        raise NumericsError(f"{len(y)} units, CIPS needs at least 3")
    ratios = _truncated(cadf_ratios(y, lags, terms), terms)
    statistic = float(ratios.mean())
    null = cips_null((len(y), y.shape[1]), lags, terms, rng, draws)
    p_value = (1 + int((null <= statistic).sum())) / (1 + draws)
    return CipsTest(statistic, ratios, p_value, float(np.quantile(null, 0.05)), lags)


def _truncated(ratios: np.ndarray, terms: str) -> np.ndarray:
    low, high = BOUNDS[terms]
    return np.asarray(np.clip(ratios, low, high))
