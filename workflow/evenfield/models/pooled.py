"""Several estimates of one effect as draws from one distribution."""

import numpy as np

from evenfield.numerics.ols import t_quantile
from evenfield.numerics.paule_mandel import RandomEffects as RandomEffects  # noqa: PLC0414
from evenfield.numerics.paule_mandel import random_effects


def pooled(
    effects: np.ndarray, low: np.ndarray, high: np.ndarray, level: float
) -> RandomEffects:
    """Return the mean of effects by random effects; effects and the ends of their
    intervals (k,).

    Notes
    -----
    The standard error of a normal estimate is half the width of its interval over the
    normal quantile at 0.5 + level / 2.
    """
    # ASSUME: effects are independent; the variance of one is that of a normal estimate
    # with the interval that it has, since inferences for few units have wider intervals
    # than their standard errors say.
    errors = (high - low) / 2 / t_quantile(0.5 + level / 2, np.inf)
    return random_effects(effects, errors**2)
