"""Weak sigma-convergence: a fall of the cross-section variance beyond what persistence alone makes it fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

CHUNK = 500
CONSTANT = 1e-12
FEWEST_DATES = 6
PERSISTENCE_GRID = 5


@dataclass(frozen=True)
class TrendFit:
    """A straight line through each of R series."""

    slope: np.ndarray  # (R,) slope on time (per date), its fixed-b error and their ratio
    std_error: np.ndarray
    statistic: np.ndarray


def fixed_b_trend(series: np.ndarray, share: float = 0.1) -> TrendFit:
    """Fit a line and studentise its slope with a Bartlett kernel whose bandwidth is a fixed share of the length.

    Notes
    -----
    Kiefer and Vogelsang (2005): the ratio is not normal and needs its own reference distribution. Weights
    1 - j/M with M = share * T; the partial-sum form of a Bartlett variance is
    (2/M) [sum_t S_t^2 - sum_t S_t S_{t+M}] for scores that sum to zero.
    """
    z = np.asarray(series, dtype=float).reshape(len(series), -1)
    if len(z) < FEWEST_DATES or not 0 < share <= 1:
        raise NumericsError(f"{len(z)} dates and a bandwidth share of {share:g} carry no trend")
    time = np.arange(len(z)) - (len(z) - 1) / 2
    squares = float(time @ time)
    slope = time @ z / squares
    partial = np.cumsum(time[:, None] * (z - z.mean(axis=0) - time[:, None] * slope), axis=0)
    m = max(1, round(share * len(z)))
    cut = (partial[:-m] * partial[m:]).sum(axis=0) if m < len(z) else 0.0
    std_error = np.sqrt(np.maximum(2 / m * ((partial**2).sum(axis=0) - cut), 0.0)) / squares
    statistic = np.divide(slope, std_error, out=np.full_like(slope, np.nan), where=std_error > 0)
    return TrendFit(slope, std_error, statistic)


@dataclass(frozen=True)
class ConstantVariance:
    """Panels whose cross-section variance does not change: y_it = m_i + x_it, x a stationary AR(1)."""

    persistence: np.ndarray
    level_sd: np.ndarray  # (G,) standard deviations of m_i and of the shocks at each persistence
    shock_sd: np.ndarray


def constant_variance_panels(y: np.ndarray) -> ConstantVariance:
    """Describe the panels of constant variance that look like an observed one; y (N, T).

    Notes
    -----
    Persistence is not well determined, so a range is kept: the least-squares estimate with unit effects is its lower
    end, because it is biased downward (Nickell 1981), and the upper end is where the stationary variance
    s_e^2 / (1 - r^2) alone makes up the whole observed variance.
    """
    if len(y) < 3 or y.shape[1] < FEWEST_DATES:
        raise NumericsError(f"{len(y)} units at {y.shape[1]} dates carry no panel of constant variance")
    z = y - y.mean(axis=0)
    now, before = (part - part.mean(axis=1, keepdims=True) for part in (z[:, 1:], z[:, :-1]))
    total = float((z**2).sum() / ((len(y) - 1) * y.shape[1]))
    if (before**2).sum() <= CONSTANT * (z**2).sum():
        raise NumericsError("incomes do not move relative to each other")
    low = float(np.clip((now * before).sum() / (before**2).sum(), 0.0, 0.999))
    shock = float(((now - low * before) ** 2).sum() / ((len(y) - 1) * (y.shape[1] - 2)))
    high = max(low, float(np.sqrt(max(1 - shock / total, 0.0))))
    grid = np.linspace(low, high, PERSISTENCE_GRID)
    level = np.sqrt(np.maximum(total - shock / (1 - grid**2), 0.0))
    return ConstantVariance(grid, level, np.full(PERSISTENCE_GRID, np.sqrt(shock)))


def constant_variance_statistics(
    panels: ConstantVariance, shape: tuple[int, int], share: float, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Draw the trend statistic of the cross-section variance when that variance is constant; shape (G, draws)."""
    out = []
    for r, level, shock in zip(panels.persistence, panels.level_sd, panels.shock_sd, strict=True):
        parts = [_drawn_variance(float(r), float(level), float(shock), (min(CHUNK, draws - first), *shape), rng)
                 for first in range(0, draws, CHUNK)]  # fmt: skip
        out.append(np.sort(fixed_b_trend(np.concatenate(parts).T, share).statistic))
    return np.array(out)


def _drawn_variance(
    r: float, level: float, shock: float, shape: tuple[int, int, int], rng: np.random.Generator
) -> np.ndarray:
    y = shock * rng.standard_normal((shape[2], *shape[:2]))
    y[0] /= np.sqrt(1 - r**2)
    for t in range(1, len(y)):
        y[t] += r * y[t - 1]
    y += level * rng.standard_normal(shape[:2])
    return np.asarray(y.var(axis=2, ddof=1).T)


def white_noise_statistics(dates: int, share: float, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw the trend statistic of independent normal values: the fixed-b reference distribution; shape (draws,).

    Notes
    -----
    The fixed-b limit does not depend on short-run dependence, so independent values of the same length give it
    (Goncalves and Vogelsang 2011).
    """
    return np.sort(fixed_b_trend(rng.standard_normal((dates, draws)), share).statistic)


@dataclass(frozen=True, slots=True)
class WeakSigmaTest:
    """Weak sigma-convergence by a trend in the cross-section variance."""

    slope: float  # of the variance on time, per date
    std_error: float
    statistic: float
    p_fixed_b: float  # one-sided p-value (falling variance) if the variance were stationary with short memory
    p_constant_variance: float  # one-sided p-value from panels of constant variance, the largest over their persistence
    persistence: float  # the persistence at which it is largest


def weak_sigma_test(y: np.ndarray, rng: np.random.Generator, draws: int, share: float = 0.1) -> WeakSigmaTest:
    """Test whether the cross-section variance of log income falls; y (N, T).

    Notes
    -----
    Kong, Phillips and Sul (2019) regress the cross-section variance on time and call a significantly negative slope
    weak sigma-convergence. With a persistent variance every such ratio rejects too often, so the p-value to read is
    the one from panels of constant variance; the fixed-b one stands beside it.
    """
    y = np.asarray(y, dtype=float)
    panels = constant_variance_panels(y)
    fit = fixed_b_trend(y.var(axis=0, ddof=1), share)
    observed = float(fit.statistic[0])
    if not np.isfinite(observed):
        raise NumericsError("the cross-section variance lies on a straight line")
    plain = white_noise_statistics(y.shape[1], share, rng, draws)
    drawn = constant_variance_statistics(panels, (len(y), y.shape[1]), share, rng, draws)
    tails = (1 + (drawn <= observed).sum(axis=1)) / (1 + draws)
    return WeakSigmaTest(
        float(fit.slope[0]), float(fit.std_error[0]), observed,
        float((1 + (plain <= observed).sum()) / (1 + draws)), float(tails.max()),
        float(panels.persistence[tails.argmax()]),
    )  # fmt: skip
