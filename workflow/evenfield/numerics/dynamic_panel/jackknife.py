"""Half-panel jackknife: removes the bias of fixed effects only when units start near their steady states."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.dynamic_panel.slopes import RootFit
from evenfield.numerics.dynamic_panel.within import checked_levels, leave_one_out, moments, whole_sample, within_units

FEWEST_DATES = 5
WARNING = "requires stationary initial conditions"


def half_panel_root(levels: np.ndarray) -> RootFit:
    """Fit twice the fixed-effects root minus its mean over the two halves of the panel; levels (N, T + 1).

    Notes
    -----
    Dhaene and Jochmans (2015). Units that start far from their steady states, the case that convergence is about, make
    it over-correct: its speed is too low.
    """
    levels = checked_levels(levels, FEWEST_DATES)
    n, t = levels.shape[0], levels.shape[1] - 1
    rho = float(_roots(levels, whole_sample(n))[0])
    changes = _roots(levels, leave_one_out(n)) - rho
    return RootFit(rho, float(np.sqrt((n - 1) / n * changes @ changes)), n - 1, n, t)


def _roots(levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    t = levels.shape[1] - 1
    splits = {t // 2, t - t // 2}
    halves = [_halves(levels, weights, split) for split in sorted(splits)]
    return np.asarray(2 * moments(within_units(levels), weights).slope - np.mean(halves, axis=0))


def _halves(levels: np.ndarray, weights: np.ndarray, split: int) -> np.ndarray:
    t = levels.shape[1] - 1
    first = moments(within_units(levels[:, : split + 1]), weights).slope
    second = moments(within_units(levels[:, split:]), weights).slope
    return np.asarray((split * first + (t - split) * second) / t)
