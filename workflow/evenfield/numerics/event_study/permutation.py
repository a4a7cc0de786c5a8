"""Permutation of cohorts: the dates of policies are dealt out again among the units that
share date effects, and the effects are imputed anew for every draw.
"""

from collections.abc import Sequence

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.event_study.drawn_effects import (
    DrawnEffects,
    FitsBeforeDates,
)
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.permutations import CLOSE, two_sided_p


def permuted_cohorts(
    panel: EventPanel, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Deal first dates out again within the groups of units; (draws, N)."""
    permuted_dates = np.empty((draws, len(panel.first)), dtype=panel.first.dtype)
    for group in np.unique(panel.groups):
        members = np.flatnonzero(panel.groups == group)
        dates = np.tile(panel.first[members], (draws, 1))
        permuted_dates[:, members] = rng.permuted(dates, axis=1)
    return permuted_dates


def span_means(
    panel: EventPanel, first: np.ndarray, spans: Sequence[tuple[int, int]]
) -> Array:
    """Return the mean imputed effect over spans of horizons when policies come at other
    dates; first (B, N) -> (B, K).
    """
    B = len(first)
    T = panel.Y.shape[1]
    sums, cells = np.zeros((2, B, T))
    fits = FitsBeforeDates(panel.Y, panel.groups, panel.columns, np.unique(first))
    for start in range(0, B, fits.at_once):
        block = slice(start, start + fits.at_once)
        for members, effects in fits.effects(first[block]):
            of_group = _added_by_horizon(
                panel.Y[members], effects, first[block, members]
            )
            sums[block] += of_group[0]
            cells[block] += of_group[1]
    means = []
    for low, high in spans:
        within = slice(low, high + 1)
        means.append(
            quotient(sums[:, within].sum(axis=1), cells[:, within].sum(axis=1))
        )
    return np.column_stack(means)


def _added_by_horizon(
    Y: Array, effects: DrawnEffects, first: np.ndarray
) -> tuple[Array, np.ndarray]:
    """Return sum and number of the imputed effects of a group by draw and dates since
    the policy; Y (n, T), first (B, n) -> (B, T) each.
    """
    T = Y.shape[1]
    # One row for a draw and a unit that gets the policy.
    draw, unit = np.nonzero(first < T)
    gaps = Y[unit] - effects.predicted(draw, unit)
    horizon = np.arange(T) - first[draw, unit][:, None]
    used = (horizon >= 0) & np.isfinite(gaps)
    draw_and_horizon = (draw[:, None] * T + horizon)[used]
    size = first.shape[0] * T
    sums = np.asarray(
        np.bincount(draw_and_horizon, gaps[used], minlength=size), dtype=float
    )
    cells = np.bincount(draw_and_horizon, minlength=size)
    return sums.reshape(-1, T), cells.reshape(-1, T)


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
