"""The variance between effects of which each is an estimate with an error of its own."""

import numpy as np
from scipy.optimize import brentq

from evenfield.numerics.arrays import Array

CLOSE = 1e-15  # of the largest variance that is possible


def variance_between(effects: Array, variances: Array) -> float:
    """Return tau2, at which the effects differ as much as they should; both (k,).

    Notes
    -----
    Paule and Mandel (1982): sum_i w_i (b_i - m)^2 = k - 1 with w_i = 1 / (v_i + tau2)
    and m the mean with these weights; zero where the left side is smaller already. The
    left side falls with tau2 and is at most sum_i (b_i - mean b)^2 / tau2.
    """
    effects = np.asarray(effects, dtype=float)
    variances = np.asarray(variances, dtype=float)
    df = len(effects) - 1

    def surplus(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        mean = weights @ effects / weights.sum()
        return float(weights @ (effects - mean) ** 2) - df

    if df < 1 or surplus(0.0) <= 0:
        return 0.0
    largest = float(((effects - effects.mean()) ** 2).sum()) / df
    return float(brentq(surplus, 0.0, largest, xtol=CLOSE * largest, rtol=1e-14))
