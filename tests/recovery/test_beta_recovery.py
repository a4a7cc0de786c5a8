"""Planted speeds are found and tests of dispersion keep their size: seeded draws,
intervals stated.
"""

from functools import cache

import numpy as np
import pytest

from evenfield.numerics.convergence import speed_bounds, speed_from_slope
from evenfield.numerics.ols import contrast_inference, cov_hc3, fit_ols
from evenfield.numerics.random import generator_for
from tolerances import close

pytestmark = pytest.mark.gate
N = 31
T = 20
LAM = 0.02
DRAWS = 1000


def draw(rng, lam=LAM):
    y0 = rng.normal(9, 0.45, N)
    return y0, (
        0.2
        + np.expm1(-lam * T) / T * y0
        + rng.normal(0, 0.006, N) * (1 + 0.5 * (y0 > 9))
    )


@cache
def planted_speeds():
    rng = generator_for(2011, "recovery:beta")
    out = []
    for _ in range(DRAWS):
        y0, growth = draw(rng)
        fit = fit_ols(growth, np.column_stack([np.ones(N), y0]))
        slope = contrast_inference(fit, cov_hc3(fit), np.array([0.0, 1.0]), fit.df)
        bounds = speed_bounds(slope.conf_low, slope.conf_high, T)
        high = np.inf if np.isnan(bounds.high) else bounds.high
        out.append((speed_from_slope(slope.estimate, T), bounds.low, high))
    return np.array(out)


def covered():
    _, low, high = planted_speeds().T
    return ((low <= LAM) & (high >= LAM)).mean()


def test_planted_speed_is_found_and_covered_as_promised():
    # The median of 1,000 draws has a standard error of about 0.00014: four of them.
    close(np.median(planted_speeds()[:, 0]), LAM, atol=0.0006)
    # 0.95 +/- 3 standard errors of 1,000 draws is 0.929-0.971; HC3 is slightly wide in
    # small samples.
    assert 0.929 <= covered() <= 0.98


@cache
def rejected():
    """The share of draws in which a slope of zero is rejected."""
    rng = generator_for(2011, "recovery:beta:null")
    rejected = 0
    for _ in range(DRAWS):
        y0, growth = draw(rng, 0.0)
        fit = fit_ols(growth, np.column_stack([np.ones(N), y0]))
        rejected += (
            contrast_inference(fit, cov_hc3(fit), np.array([0.0, 1.0]), fit.df).p_value
            < 0.05
        )
    return rejected / DRAWS


def test_no_convergence_is_rejected_five_times_in_a_hundred():
    assert 0.02 <= rejected() <= 0.071
