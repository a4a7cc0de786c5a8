"""Effects of which each is an estimate with an error of its own: the variance between them,
and their mean by random effects.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc

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


class RandomEffects(NamedTuple):
    """The mean of several effects, and how far they differ."""

    mean: float
    std_error: float
    tau2: float  # variance between the effects
    i2: float  # share of Q beyond what chance lets expect; zero where Q is smaller
    q: float  # chi-squared with ``df`` degrees of freedom where tau2 is zero
    df: int
    p_value: float  # of Q


def random_effects(effects: np.ndarray, variances: np.ndarray) -> RandomEffects:
    """Return the mean of effects by random effects; both (k,), k of two or more.

    Notes
    -----
    b_i = b + u_i + e_i with var u = tau2 and var e_i = v_i: b is the mean with weights
    1 / (v_i + tau2), its variance one over their sum. Q = sum_i (b_i - m)^2 / v_i with m
    the mean by 1 / v_i (Cochran 1954), I2 = 1 - (k - 1) / Q (Higgins and Thompson 2002).
    """
    effects = np.asarray(effects, dtype=float)
    variances = np.asarray(variances, dtype=float)
    tau2 = variance_between(effects, variances)
    weights = 1 / (variances + tau2)
    precisions = 1 / variances
    alike = precisions @ effects / precisions.sum()
    q = float(precisions @ (effects - alike) ** 2)
    df = len(effects) - 1
    return RandomEffects(
        mean=float(weights @ effects / weights.sum()),
        std_error=float(np.sqrt(1 / weights.sum())),
        tau2=tau2,
        i2=max(1 - df / q, 0.0) if q > 0 else 0.0,
        q=q,
        df=df,
        p_value=float(chdtrc(df, q)),
    )
