"""Weak sigma convergence: a test whether the variance between units falls over time.

A persistent variance wanders, and the usual trend test takes that for a trend. The p-value
to read therefore comes from panels whose variance is constant and whose persistence is that
of the data; the fixed-b one, right for short memory only, stands beside it.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.at_work import blocks, told
from evenfield.numerics.errors import NumericsError

DRAWS_AT_ONCE = 500
CONSTANT = 1e-12
FEWEST_DATES = 6
PERSISTENCE_GRID = 5
UNITS_A_DATE = 10  # above it, covariances are drawn and not panels


class TrendFit(NamedTuple):
    """A straight line through each of R series."""

    slope: Array  # (R,) on time, per date
    std_error: Array  # (R,) its fixed-b error
    statistic: Array  # (R,) their ratio


class ConstantVariance(NamedTuple):
    """Panels whose cross-section variance does not change: y_it = m_i + x_it, x a
    stationary AR(1), at each of G values of its persistence.
    """

    persistence: Array  # (G,)
    level_sd: Array  # (G,) standard deviation of m_i
    shock_sd: Array  # (G,) standard deviation of the shocks to x_it


class WeakSigmaTest(NamedTuple):
    """Weak sigma-convergence by a trend in the cross-section variance."""

    slope: float  # of the variance on time, per date
    std_error: float
    statistic: float
    # one-sided p-values (falling variance): if the variance were stationary with short
    # memory, and from panels of constant variance, the largest over their persistence
    p_fixed_b: float
    p_constant_variance: float
    persistence: float  # the persistence at which it is largest


def weak_sigma_test(
    y: Array, rng: np.random.Generator, draws: int, share: float = 0.1
) -> WeakSigmaTest:
    """Test whether the cross-section variance of log income falls; y (N, T).

    Notes
    -----
    Kong, Phillips and Sul (2019) regress the cross-section variance on time and call a
    significantly negative slope weak sigma-convergence. With a persistent variance
    every such ratio rejects too often, so the p-value to read is the one from panels of
    constant variance.
    """
    y = np.asarray(y, dtype=float)
    panels = constant_variance_panels(y)
    trend = fixed_b_trend(y.var(axis=0, ddof=1), share)
    observed = float(trend.statistic[0])
    if not np.isfinite(observed):
        raise NumericsError("the cross-section variance lies on a straight line")
    short_memory = white_noise_statistics(y.shape[1], share, rng, draws)
    constant = constant_variance_statistics(
        panels, (len(y), y.shape[1]), share, rng, draws
    )
    p_values = (1 + (constant <= observed).sum(axis=1)) / (1 + draws)
    return WeakSigmaTest(
        slope=float(trend.slope[0]),
        std_error=float(trend.std_error[0]),
        statistic=observed,
        p_fixed_b=float((1 + (short_memory <= observed).sum()) / (1 + draws)),
        p_constant_variance=float(p_values.max()),
        persistence=float(panels.persistence[p_values.argmax()]),
    )


def fixed_b_trend(series: Array, share: float = 0.1) -> TrendFit:
    """Fit a line and studentise its slope with a Bartlett kernel whose bandwidth is a
    fixed share of the length; series (T,) or (T, R).

    Notes
    -----
    Kiefer and Vogelsang (2005): the ratio is not normal and needs its own reference
    distribution. Weights 1 - j/M with M = share * T; the partial-sum form of a Bartlett
    variance is (2/M) [sum_t S_t^2 - sum_t S_t S_{t+M}] for scores that sum to zero.
    """
    z = np.asarray(series, dtype=float).reshape(len(series), -1)
    dates = len(z)
    if dates < FEWEST_DATES or not 0 < share <= 1:
        raise NumericsError(
            f"{dates} dates and a bandwidth share of {share:g} carry no trend"
        )
    time = np.arange(dates) - (dates - 1) / 2
    squares = float(time @ time)
    slope = time @ z / squares
    residuals = z - z.mean(axis=0) - time[:, None] * slope
    partial_sums = np.cumsum(time[:, None] * residuals, axis=0)
    bandwidth = max(1, round(share * dates))
    cross = 0.0
    if bandwidth < dates:
        cross = (partial_sums[:-bandwidth] * partial_sums[bandwidth:]).sum(axis=0)
    variance = 2 / bandwidth * ((partial_sums**2).sum(axis=0) - cross)
    std_error = np.sqrt(np.maximum(variance, 0.0)) / squares
    statistic = quotient(slope, std_error)
    return TrendFit(slope=slope, std_error=std_error, statistic=statistic)


def white_noise_statistics(
    dates: int, share: float, rng: np.random.Generator, draws: int
) -> Array:
    """Draw the trend statistic of independent normal values, sorted: the fixed-b
    reference distribution; shape (draws,).

    Notes
    -----
    The fixed-b limit does not depend on short-run dependence, so independent values of
    the same length give it (Goncalves and Vogelsang 2011).
    """
    return np.sort(fixed_b_trend(rng.standard_normal((dates, draws)), share).statistic)


def constant_variance_panels(y: Array) -> ConstantVariance:
    """Describe the panels of constant variance that look like an observed one; y (N,
    T).

    Notes
    -----
    Persistence is not well determined, so a range is kept: the least-squares estimate
    with unit effects is its lower end, because it is biased downward (Nickell 1981),
    and the upper end is where the stationary variance s_e^2 / (1 - r^2) alone makes up
    the whole observed variance.
    """
    units, dates = y.shape
    if units < 3 or dates < FEWEST_DATES:
        raise NumericsError(
            f"{units} units at {dates} dates carry no panel of constant variance"
        )
    z = y - y.mean(axis=0)
    now = z[:, 1:]
    now = now - now.mean(axis=1, keepdims=True)
    before = z[:, :-1]
    before = before - before.mean(axis=1, keepdims=True)
    total = float((z**2).sum() / ((units - 1) * dates))
    if (before**2).sum() <= CONSTANT * (z**2).sum():
        raise NumericsError("incomes do not move relative to each other")
    within = float((now * before).sum() / (before**2).sum())
    lowest = float(np.clip(within, 0.0, 0.999))
    shocks = now - lowest * before
    shock_variance = float((shocks**2).sum() / ((units - 1) * (dates - 2)))
    highest = max(lowest, float(np.sqrt(max(1 - shock_variance / total, 0.0))))
    persistence = np.linspace(lowest, highest, PERSISTENCE_GRID)
    level_variance = np.maximum(total - shock_variance / (1 - persistence**2), 0.0)
    return ConstantVariance(
        persistence=persistence,
        level_sd=np.sqrt(level_variance),
        shock_sd=np.full(PERSISTENCE_GRID, np.sqrt(shock_variance)),
    )


def constant_variance_statistics(
    panels: ConstantVariance,
    shape: tuple[int, int],
    share: float,
    rng: np.random.Generator,
    draws: int,
) -> Array:
    """Draw the trend statistic of the cross-section variance when that variance is
    constant; shape (G, draws), each row sorted.
    """
    statistics = []
    columns = panels.persistence, panels.level_sd, panels.shock_sd
    grid = list(zip(*columns, strict=True))
    for persistence, level_sd, shock_sd in told(grid, "values of persistence"):
        variances = []
        for samples in blocks(draws, DRAWS_AT_ONCE):
            variances.append(
                _drawn_variance(
                    float(persistence),
                    float(level_sd),
                    float(shock_sd),
                    (samples, *shape),
                    rng,
                )
            )
        trend = fixed_b_trend(np.concatenate(variances).T, share)
        statistics.append(np.sort(trend.statistic))
    return np.array(statistics)


def _drawn_variance(
    persistence: float,
    level_sd: float,
    shock_sd: float,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> Array:
    """Return the cross-section variance by date of each drawn panel; shape (draws,
    units, dates).

    Notes
    -----
    Variances of many units are drawn at once: the covariance of the dates over N normal
    units is Wishart with N - 1 degrees of freedom.
    """
    draws, units, dates = shape
    if units > UNITS_A_DATE * dates:
        apart = np.abs(np.subtract.outer(np.arange(dates), np.arange(dates)))
        of_shocks = shock_sd**2 / (1 - persistence**2) * persistence**apart
        root = np.asarray(np.linalg.cholesky(of_shocks + level_sd**2), dtype=float)
        return wishart_variances(root, units - 1, draws, rng)
    y = rng.standard_normal((dates, draws, units))
    levels = level_sd * rng.standard_normal((draws, units))
    # The first date is stationary.
    before = shock_sd * y[0] / np.sqrt(1 - persistence**2)
    variances = np.empty((draws, dates))
    # A date at a time stays near the processor.
    for t in range(dates):
        if t:
            before = shock_sd * y[t] + persistence * before
        variances[:, t] = (before + levels).var(axis=1, ddof=1)
    return variances


def wishart_variances(
    root: Array, df: int, draws: int, rng: np.random.Generator
) -> Array:
    """Draw the diagonals of a Wishart matrix over its degrees of freedom; root (T, T)
    lower triangular -> (draws, T).

    Notes
    -----
    Bartlett (1933): with A lower triangular, A_tt^2 chi-square with df - t degrees of
    freedom (t = 0, 1, ...) and the others standard normal, L A A' L' is Wishart for
    the covariance L L'.
    """
    dates = len(root)
    triangles = np.tril(rng.standard_normal((draws, dates, dates)), -1)
    on_diagonal = np.arange(dates)
    triangles[:, on_diagonal, on_diagonal] = np.sqrt(
        rng.chisquare(df - on_diagonal, (draws, dates))
    )
    return np.asarray(((root @ triangles) ** 2).sum(axis=2) / df)
