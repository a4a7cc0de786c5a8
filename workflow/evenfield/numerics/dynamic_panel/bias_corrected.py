"""Bias-corrected fixed effects: the root of the adjusted score, its flags and its clustered standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.dynamic_panel.score import Variance, adjusted_score, score_on_grid, unit_scores
from evenfield.numerics.dynamic_panel.within import (
    Moments,
    Transitions,
    checked_levels,
    moments,
    whole_sample,
    within_units,
)
from evenfield.numerics.errors import NumericsError

# ASSUME: roots up to 1.2 between two dates are looked at; an economy that explodes faster is not in the data.
LARGEST_ROOT = 1.2
GRID = np.linspace(-0.99, LARGEST_ROOT, 877)
NEWTON_STEPS = 60
ROOT_TOLERANCE = 1e-13
FEWEST_DATES = 4
CHUNK = 2_000_000


@dataclass(frozen=True)
class Roots:
    """Bias-corrected roots of many draws."""

    rho: np.ndarray  # (B,) root, or where F comes closest to zero when there is none
    found: np.ndarray  # (B,) whether F crosses zero from above
    slope: np.ndarray  # (B,) F'(rho)


@dataclass(frozen=True)
class CorrectedFit:
    """Bias-corrected fixed effects of one panel."""

    rho: float  # root, unit-clustered standard error (NaN without a root) and N - 1
    std_error: float
    df: float
    no_root: bool  # F has no root above fixed effects: ``rho`` is where it comes closest to zero
    variance: Variance  # which correction
    fixed_effects: float  # least-squares root that is corrected
    n_units: int  # units N and transitions T
    n_periods: int


def bias_corrected_root(levels: np.ndarray, variance: Variance = Variance.BY_YEAR) -> CorrectedFit:
    """Fit y_it = rho y_i,t-1 + mu_i + tau_t + e_it, corrected for the bias of fixed effects; levels (N, T + 1).

    Notes
    -----
    Bun and Carree (2005); Dhaene and Jochmans (2016); Breitung, Kripfganz and Hayakawa (2022). Shocks must not be
    serially correlated; initial conditions may be anything.
    """
    pairs = within_units(checked_levels(levels, FEWEST_DATES))
    m = moments(pairs, whole_sample(pairs.n_units))
    check_spread(m)
    roots = corrected_roots(m, variance)
    rho, n = float(roots.rho[0]), pairs.n_units
    se = float(std_errors(pairs, whole_sample(n), m, roots, variance)[0])
    return CorrectedFit(
        rho, se, n - 1, not bool(roots.found[0]), variance, float(m.slope[0]), n, pairs.n_periods
    )  # fmt: skip


def check_spread(m: Moments) -> None:
    """Refuse a lag without variation, or fixed effects beyond the roots that are looked at."""
    if not (m.ll.sum() > 0 and m.yy.sum() > 0):
        raise NumericsError("the lag does not vary beyond unit and year effects")
    if not GRID[0] < m.slope[0] < LARGEST_ROOT:
        raise NumericsError(f"fixed effects give the root {m.slope[0]:.3g}, outside {GRID[0]:g} to {LARGEST_ROOT:g}")


def corrected_roots(m: Moments, variance: Variance) -> Roots:
    """Find the bias-corrected root of every draw."""
    above = m.slope[:, None] < GRID
    scores = score_on_grid(m, GRID, variance)
    falls = (scores[:, :-1] > 0) & (scores[:, 1:] <= 0) & above[:, 1:]
    found = np.asarray(falls.any(axis=1))
    cell = falls.argmax(axis=1)
    start = np.where(found, np.maximum(GRID[cell], m.slope), _nearest(scores, above))
    rho = _newton(m, start, GRID[cell + 1], found, variance)
    return Roots(rho, found, adjusted_score(m, rho, variance)[1])


def _nearest(scores: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return where F comes closest to zero above fixed effects: the best cell, then a parabola through its ends."""
    size = np.where(above, np.abs(scores), np.inf)
    best = np.clip(size.argmin(axis=1), 1, len(GRID) - 2)
    rows, width = np.arange(len(best)), GRID[1] - GRID[0]
    left, mid, right = (size[rows, best + shift] for shift in (-1, 0, 1))
    left = np.where(np.isfinite(left), left, mid)
    bend = left - 2 * mid + right
    shift = np.where(bend > 0, (left - right) / np.where(bend > 0, 2 * bend, 1.0), 0.0)
    return np.asarray(GRID[best] + width * np.clip(shift, -1.0, 1.0))


def _newton(m: Moments, start: np.ndarray, end: np.ndarray, found: np.ndarray, variance: Variance) -> np.ndarray:
    """Solve F = 0 in [start, end] with F falling; draws without a root keep their start."""
    low, high, rho = start.copy(), np.where(found, end, start), start.copy()
    for _ in range(NEWTON_STEPS):
        value, slope = adjusted_score(m, rho, variance)
        low, high = np.where(value > 0, rho, low), np.where(value > 0, high, rho)
        step = rho - value / np.where(slope < 0, slope, -np.inf)
        inside = (step >= low) & (step <= high) & (slope < 0)
        new = np.where(found, np.where(inside, step, (low + high) / 2), rho)
        done = np.abs(new - rho).max() <= ROOT_TOLERANCE
        rho = new
        if done:
            break
    return np.asarray(rho)


def std_errors(
    pairs: Transitions, weights: np.ndarray, m: Moments, roots: Roots, variance: Variance
) -> np.ndarray:  # fmt: skip
    """Return the unit-clustered standard error of every draw's root; weights (B, N) -> (B,)."""
    out = np.full(len(weights), np.nan)
    block = max(1, CHUNK // pairs.y.size)
    for first in range(0, len(weights), block):
        rows = slice(first, first + block)
        w = weights[rows]
        q = _unit_shares(pairs, m.y_mean[rows], m.lag_mean[rows], roots.rho[rows], variance)
        n = w.sum(axis=1)
        out[rows] = np.sqrt(n / (n - 1) * (w * q**2).sum(axis=1)) / np.abs(roots.slope[rows])
    return np.where(roots.found, out, np.nan)


def _unit_shares(
    pairs: Transitions, y_mean: np.ndarray, lag_mean: np.ndarray, rho: np.ndarray, variance: Variance
) -> np.ndarray:  # fmt: skip
    lag = pairs.lag - lag_mean[:, None]
    e = pairs.y - y_mean[:, None] - rho[:, None, None] * lag
    return unit_scores(lag, e, rho, variance)
