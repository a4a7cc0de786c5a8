"""The adjusted score F(rho) whose root is the bias-corrected fixed-effects estimate, for many draws at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from evenfield.numerics.dynamic_panel.within import Moments


class Variance(Enum):
    """What the correction assumes about the variance of the shocks."""

    BY_YEAR = "time-heteroskedastic"
    CONSTANT = "constant"


@dataclass(frozen=True)
class YearWeights:
    """Weights of the yearly sums of squares in the correction, and their derivatives, at some roots."""

    value: np.ndarray  # (..., T) c_s(rho) such that the correction is sum_s c_s sum_i etilde_is^2, and dc_s/drho
    slope: np.ndarray


def geometric_sums(rho: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 1 + rho + ... + rho^(k-1) and its derivative for k = 1 ... count; rho (...) -> (..., count)."""
    rho = np.asarray(rho, dtype=float)[..., None]
    k = np.arange(count)
    powers = rho**k
    below = np.concatenate([np.zeros((*powers.shape[:-1], 1)), powers[..., :-1]], axis=-1)
    return np.cumsum(powers, axis=-1), np.cumsum(k * below, axis=-1)


def nickell_sum(rho: float, periods: int) -> float:
    """Return h(rho, T) = (1/T) sum_{s=1}^{T-1} sum_{j=0}^{T-s-1} rho^j."""
    return float(geometric_sums(np.array(rho), periods - 1)[0].sum() / periods)


def year_weights(rho: np.ndarray, periods: int, variance: Variance) -> YearWeights:
    """Return the weights of the yearly residual sums of squares in the correction; rho (...).

    Notes
    -----
    ((N-1)/T) sum_s s2_s g_s with s2_s = [v_s - sum_r v_r/(T(T-1))] T/(T-2) and v_s = sum_i etilde_is^2/(N-1), ordered
    by v_s: N - 1 cancels.
    """
    parts = []
    for sums in geometric_sums(rho, periods - 1):
        g = np.concatenate([sums[..., ::-1], np.zeros((*sums.shape[:-1], 1))], axis=-1)
        mean = g.mean(axis=-1, keepdims=True)
        if variance is Variance.BY_YEAR:
            parts.append((g - mean / (periods - 1)) / (periods - 2))
        else:
            parts.append(np.broadcast_to(mean / (periods - 1), g.shape))
    return YearWeights(parts[0], parts[1])


def adjusted_score(m: Moments, rho: np.ndarray, variance: Variance) -> tuple[np.ndarray, np.ndarray]:
    """Return F and its derivative, each draw at its own root; rho (B,) -> (B,)."""
    c = year_weights(rho, m.yy.shape[1], variance)
    r = rho[:, None]
    squares, change = m.yy - 2 * r * m.yl + r**2 * m.ll, 2 * (r * m.ll - m.yl)
    value = m.yl.sum(axis=1) - rho * m.ll.sum(axis=1) + (c.value * squares).sum(axis=1)
    return value, -m.ll.sum(axis=1) + (c.slope * squares + c.value * change).sum(axis=1)


def score_on_grid(m: Moments, grid: np.ndarray, variance: Variance) -> np.ndarray:
    """Return F of every draw at every root of a grid; grid (G,) -> (B, G)."""
    c = year_weights(grid, m.yy.shape[1], variance).value
    correction = m.yy @ c.T - m.yl @ (2 * grid[:, None] * c).T + m.ll @ (grid[:, None] ** 2 * c).T
    return np.asarray(m.yl.sum(axis=1)[:, None] - np.outer(m.ll.sum(axis=1), grid) + correction)


def unit_scores(lag: np.ndarray, e: np.ndarray, rho: np.ndarray, variance: Variance) -> np.ndarray:
    """Return each unit's share of F; lag, e (B, N, T), rho (B,) -> (B, N)."""
    c = year_weights(rho, e.shape[-1], variance).value
    return np.asarray(np.einsum("bnt,bnt->bn", lag, e) + np.einsum("bnt,bt->bn", e**2, c))
