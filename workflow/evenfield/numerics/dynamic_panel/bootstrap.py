"""Intervals of the bias-corrected root: unit bootstrap-t, and inversion of the score test on a grid of roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evenfield.numerics.dynamic_panel.bias_corrected import (
    FEWEST_DATES,
    GRID,
    check_spread,
    corrected_roots,
    std_errors,
)
from evenfield.numerics.dynamic_panel.score import Variance, unit_scores
from evenfield.numerics.dynamic_panel.within import (
    Moments,
    Transitions,
    checked_levels,
    moments,
    resampled,
    whole_sample,
    within_units,
)
from evenfield.numerics.ols import t_quantile

# ASSUME: the root of a bias-corrected panel is looked for between 0 and 1.2.
TEST_GRID = GRID[GRID > 0]


@dataclass(frozen=True, slots=True)
class RootInterval:
    """An interval of the root and a test of no convergence."""

    low: float  # ends; an infinite end was not reached inside the roots looked at, NaN means not defined
    high: float
    p_value: float  # two-sided, of rho = 1
    level: float  # confidence level
    draws: int  # draws B; 0 for a test that needs none
    no_root_share: float  # share of draws without a root; they carry no information in a bootstrap-t


def bootstrap_t_interval(
    levels: np.ndarray, rng: np.random.Generator, draws: int, level: float = 0.95,
    variance: Variance = Variance.BY_YEAR,
) -> RootInterval:  # fmt: skip
    """Draw whole unit paths with replacement and studentise each draw's root; levels (N, T + 1)."""
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


def score_interval(levels: np.ndarray, level: float = 0.95, variance: Variance = Variance.BY_YEAR) -> RootInterval:
    """Keep the roots at which the adjusted score does not differ from zero: valid near a unit root, and without a root.

    Notes
    -----
    F has mean zero at the true root whatever its slope there is, as the statistic of Anderson and Rubin has. The test
    is abs(F)/sqrt(N/(N-1) sum_i (q_i - qbar)^2) against t(N - 1). Simulated coverage in 31 units is .94-.96 for speeds
    of 0, 2 and 5 %, 42, 20 or 8 transitions, and the variances of the Chinese panel; critical values from draws of
    units gave .90-.93 (equal tails) or sets without an end (symmetric).
    """
    pairs = within_units(checked_levels(levels, FEWEST_DATES))
    m = moments(pairs, whole_sample(pairs.n_units))
    check_spread(m)
    estimate = float(corrected_roots(m, variance).rho[0])
    t = _score_tests(pairs, m, np.append(TEST_GRID, 1.0), variance)
    df = pairs.n_units - 1
    low, high = _stretch(np.abs(t[:-1]) - t_quantile(0.5 + level / 2, df), estimate)
    return RootInterval(low, high, float(2 * stdtr(df, -abs(t[-1]))), level, 0, 0.0)


def _score_tests(pairs: Transitions, m: Moments, grid: np.ndarray, variance: Variance) -> np.ndarray:
    """Return the studentised score at each root, shape (G,)."""
    lag = (pairs.lag - m.lag_mean)[None]
    e = (pairs.y - m.y_mean)[None] - grid[:, None, None] * lag
    q = unit_scores(np.broadcast_to(lag, e.shape), e, grid, variance)
    return np.asarray(q.sum(axis=1) / np.sqrt(pairs.n_units * q.var(axis=1, ddof=1)))


def _stretch(excess: np.ndarray, estimate: float) -> tuple[float, float]:
    """Return the ends of the unbroken run of not rejected roots that is nearest to the estimate."""
    kept = np.flatnonzero(excess <= 0)
    if not len(kept):
        return np.nan, np.nan
    runs = np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1)
    near = int(np.argmin([np.abs(TEST_GRID[run] - estimate).min() for run in runs]))
    first, last = int(runs[near][0]), int(runs[near][-1])
    low = -np.inf if first == 0 else _crossing(excess, first - 1, first)
    return low, np.inf if last == len(TEST_GRID) - 1 else _crossing(excess, last + 1, last)


def _crossing(excess: np.ndarray, outside: int, inside: int) -> float:
    """Interpolate where the test starts to reject between two neighbouring roots of the grid."""
    share = excess[outside] / (excess[outside] - excess[inside])
    return float(TEST_GRID[outside] + share * (TEST_GRID[inside] - TEST_GRID[outside]))
