"""Permutation of cohorts: the dates of policies are dealt out again among the units that
share date effects, and the effects are imputed anew for every draw.
"""

from collections.abc import Sequence

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.event_study.effects import fitted_cells
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.permutations import CLOSE, two_sided_p

CELLS_AT_ONCE = 2_000_000  # of units, dates and draws in memory


def dealt_cohorts(
    panel: EventPanel, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Deal first dates out again within the groups of units; (draws, N)."""
    dealt = np.empty((draws, len(panel.first)), dtype=panel.first.dtype)
    for group in np.unique(panel.groups):
        members = np.flatnonzero(panel.groups == group)
        dates = np.tile(panel.first[members], (draws, 1))
        dealt[:, members] = rng.permuted(dates, axis=1)
    return dealt


def span_means(
    panel: EventPanel, first: np.ndarray, spans: Sequence[tuple[int, int]]
) -> Array:
    """Return the mean imputed effect over spans of horizons when policies come at other
    dates; first (B, N) -> (B, K).
    """
    B = len(first)
    T = panel.Y.shape[1]
    at_once = max(1, CELLS_AT_ONCE // panel.Y.size)
    means = np.empty((B, len(spans)))
    for start in range(0, B, at_once):
        block = slice(start, min(start + at_once, B))
        horizon = np.arange(T) - first[block, :, None]
        clean = panel.observed & (horizon < 0)
        totals = np.where(clean, panel.Y, 0.0)
        gaps = panel.Y - fitted_cells(totals, clean, panel.groups)
        used = (horizon >= 0) & np.isfinite(gaps)
        # One number for draw and horizon, by which gaps are added up at once.
        draw = np.broadcast_to(np.arange(len(gaps))[:, None, None], gaps.shape)
        draw_and_horizon = draw[used] * T + horizon[used]
        size = len(gaps) * T
        sums = np.bincount(draw_and_horizon, gaps[used], minlength=size).reshape(-1, T)
        cells = np.bincount(draw_and_horizon, minlength=size).reshape(-1, T)
        for k, (low, high) in enumerate(spans):
            within = slice(low, high + 1)
            means[block, k] = quotient(
                sums[:, within].sum(axis=1), cells[:, within].sum(axis=1)
            )
    return means


def p_of_draws(drawn: Array, observed: Array) -> Array:
    """Return two-sided p-values of means under draws; drawn (B, K), observed (K,).

    Notes
    -----
    The null is sharp: no effect on any unit. A draw in which a mean cannot be imputed
    counts as at least as extreme.
    """
    drawn = np.where(np.isnan(drawn), observed, drawn)
    close = CLOSE * np.abs(drawn).max(axis=0)
    p_values = two_sided_p(drawn, observed, close)
    return np.asarray(np.where(np.isnan(observed), np.nan, p_values))
