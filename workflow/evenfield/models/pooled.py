"""Several estimates of one effect as draws from one distribution."""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.ols import t_quantile
from evenfield.numerics.paule_mandel import variance_between


class RandomEffects(NamedTuple):
    """The mean of several effects, and how far they differ."""

    mean: float
    std_error: float
    tau2: float  # variance between the effects
    i2: float  # share of Q beyond what is expected by chance; zero where Q is smaller
    q: float  # chi-squared with ``df`` degrees of freedom where tau2 is zero
    df: int
    p_value: float  # of Q


def pooled(
    effects: np.ndarray, low: np.ndarray, high: np.ndarray, level: float
) -> RandomEffects:
    """Return the mean of effects by random effects; effects and the ends of their
    intervals (k,), k of two or more.

    Notes
    -----
    b_i = b + u_i + e_i with var u = tau2 and var e_i = v_i: b is the mean with weights
    1 / (v_i + tau2), its variance one over their sum. The standard error of a normal
    estimate is half the width of its interval over the normal quantile at
    0.5 + level / 2.
    """
    from statsmodels.stats.meta_analysis import combine_effects

    # ASSUME: effects are independent; the variance of one is that of a normal estimate
    # with the interval that it has, since inferences for few units have wider intervals
    # than their standard errors say.
    variances = ((high - low) / 2 / t_quantile(0.5 + level / 2, np.inf)) ** 2
    # statsmodels' own iterations stop at 1e-5, so it starts from the root and makes none.
    tau2 = variance_between(effects, variances)
    start = {"tau2_start": tau2, "maxiter": 0}
    with np.errstate(divide="ignore"):  # of equal effects Q is zero
        found = combine_effects(effects, variances, "iterated", **start)
    alike = found.test_homogeneity()
    return RandomEffects(
        mean=float(found.mean_effect_re),
        std_error=float(found.sd_eff_w_re),
        tau2=float(found.tau2),
        # I2 = 1 - (k - 1) / Q (Higgins and Thompson 2002).
        i2=max(float(found.i2), 0.0) if alike.statistic > 0 else 0.0,
        q=float(alike.statistic),
        df=int(alike.df),
        p_value=float(alike.pvalue),
    )
