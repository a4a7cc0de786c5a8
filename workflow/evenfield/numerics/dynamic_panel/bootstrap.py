"""Intervals of the bias-corrected root: unit bootstrap-t, and inversion of the score test on a grid of roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.dynamic_panel.bias_corrected import (
    FEWEST_DATES,
    GRID,
    check_spread,
    corrected_roots,
    std_errors,
)
from evenfield.numerics.dynamic_panel.score import Variance, unit_scores
from evenfield.numerics.dynamic_panel.within import (
    checked_levels,
    moments,
    resampled,
    whole_sample,
    within_units,
)

# ASSUME: the root of a bias-corrected panel is looked for between 0 and 1.2.
TEST_GRID = GRID[GRID > 0]


@dataclass(frozen=True, slots=True)
class RootInterval:
    """An interval of the root and a test of no convergence.

    Attributes
    ----------
    low, high : float
        Ends; an infinite end was not reached inside the roots looked at, NaN means not defined.
    p_value : float
        Two-sided, of rho = 1.
    level : float
        Confidence level.
    draws : int
        Draws B.
    no_root_share : float
        Share of draws without a root; they carry no information in a bootstrap-t.
    """

    low: float
    high: float
    p_value: float
    level: float
    draws: int
    no_root_share: float


def bootstrap_t_interval(
    levels: np.ndarray, rng: np.random.Generator, draws: int, level: float = 0.95,
    variance: Variance = Variance.BY_YEAR,
) -> RootInterval:  # fmt: skip
    """Draw whole unit paths with replacement and studentise each draw's root.

    Parameters
    ----------
    levels : ndarray, shape (N, T + 1)
        Levels; the order of units decides which draw is which.
    rng : numpy.random.Generator
        Random stream.
    draws : int
        Draws B.
    level : float
        Confidence level.
    variance : Variance
        By year or constant.

    Returns
    -------
    RootInterval
        rho -/+ q se with q the ``level`` quantile of abs(t*); NaN when the sample itself, or most draws, have no root.
        In 31 units the symmetric interval covers better than the equal-tailed one, and neither near a unit root.

    Raises
    ------
    NumericsError
        If the panel is unbalanced or too small.
    """
    pairs = within_units(checked_levels(levels, FEWEST_DATES))
    sample = moments(pairs, whole_sample(pairs.n_units))
    check_spread(sample)
    found = corrected_roots(sample, variance)
    se = std_errors(pairs, whole_sample(pairs.n_units), sample, found, variance)
    weights = resampled(pairs.n_units, draws, rng)
    m = moments(pairs, weights)
    roots = corrected_roots(m, variance)
    t = (roots.rho - found.rho) / std_errors(pairs, weights, m, roots, variance)
    t, missing = t[roots.found & np.isfinite(t)], float(1 - roots.found.mean())
    if not found.found[0] or len(t) < draws / 2:
        return RootInterval(np.nan, np.nan, np.nan, level, draws, missing)
    rho, spread = float(found.rho[0]), float(se[0])
    half = float(np.quantile(np.abs(t), level)) * spread
    p = (1 + np.sum(np.abs(t) >= abs((rho - 1) / spread))) / (1 + len(t))
    return RootInterval(rho - half, rho + half, float(p), level, draws, missing)


def score_interval(
    levels: np.ndarray, rng: np.random.Generator, draws: int, level: float = 0.95,
    variance: Variance = Variance.BY_YEAR,
) -> RootInterval:  # fmt: skip
    """Keep the roots at which the adjusted score does not differ from zero: valid near a unit root, and without a root.

    Parameters
    ----------
    levels : ndarray, shape (N, T + 1)
        Levels; the order of units decides which draw is which.
    rng : numpy.random.Generator
        Random stream.
    draws : int
        Draws B of units with replacement, the same for all roots of the grid.
    level : float
        Confidence level.
    variance : Variance
        By year or constant.

    Returns
    -------
    RootInterval
        The stretch of not rejected roots around the estimate; an end outside the roots looked at is infinite.

    Raises
    ------
    NumericsError
        If the panel is unbalanced or too small.

    Notes
    -----
    F has mean zero at the true root whatever its slope there is, as the statistic of Anderson and Rubin has. The
    statistic F/sqrt(N/(N-1) sum_i (q_i - qbar)^2) is compared with that of the draws, centred at F.
    """
    pairs = within_units(checked_levels(levels, FEWEST_DATES))
    m = moments(pairs, whole_sample(pairs.n_units))
    check_spread(m)
    estimate = float(corrected_roots(m, variance).rho[0])
    grid = np.append(TEST_GRID, 1.0)
    lag = (pairs.lag - m.lag_mean)[None]
    e = (pairs.y - m.y_mean)[None] - grid[:, None, None] * lag
    q = unit_scores(np.broadcast_to(lag, e.shape), e, grid, variance).T
    p_values = _score_tests(q, resampled(pairs.n_units, draws, rng))
    low, high = _stretch(np.flatnonzero(p_values[:-1] > 1 - level), estimate)
    return RootInterval(low, high, float(p_values[-1]), level, draws, 0.0)


def _score_tests(q: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the two-sided p-value of F = 0 at each root, shape (G,), from shares q, shape (N, G)."""
    n, draws = q.shape[0], len(weights)
    centred = q - q.mean(axis=0)
    drawn = weights @ centred
    spread = np.sqrt(n / (n - 1) * (weights @ centred**2 - drawn**2 / n))
    statistic = q.sum(axis=0) / np.sqrt(n / (n - 1) * (centred**2).sum(axis=0))
    t = np.divide(drawn, spread, out=np.zeros_like(drawn), where=spread > 0)
    return np.asarray((1 + (np.abs(t) >= np.abs(statistic)).sum(axis=0)) / (1 + draws))


def _stretch(kept: np.ndarray, estimate: float) -> tuple[float, float]:
    """Return the ends of the unbroken run of kept roots that is nearest to the estimate."""
    if not len(kept):
        return np.nan, np.nan
    runs = np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1)
    near = int(np.argmin([np.abs(TEST_GRID[run] - estimate).min() for run in runs]))
    first, last = int(runs[near][0]), int(runs[near][-1])
    low = -np.inf if first == 0 else float(TEST_GRID[first])
    return low, np.inf if last == len(TEST_GRID) - 1 else float(TEST_GRID[last])
