"""Weak sigma-convergence: the fixed-b ratio against statsmodels, and sizes with and without constant variance."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.signal import lfilter

from evenfield.numerics import rolling as ro
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import CLOSED_FORM


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_ratio_equals_statsmodels(share):
    z = np.random.default_rng(1).standard_normal(42).cumsum()
    hac = {"maxlags": round(share * 42) - 1, "use_correction": False}
    other = sm.OLS(z, sm.add_constant(np.arange(42))).fit(cov_type="HAC", cov_kwds=hac)
    fit = ro.fixed_b_trend(z, share)
    assert fit.slope[0] == pytest.approx(other.params[1], rel=CLOSED_FORM)
    assert fit.std_error[0] == pytest.approx(other.bse[1], rel=CLOSED_FORM)


def test_fixed_b_tail_and_falling_variance():
    drawn = ro.white_noise_statistics(42, 1.0, generator_for(1, "w"), 4000)
    # Kiefer and Vogelsang's 97.5 percent point at b = 1 is 4.77; a trend regressor moves it a little.
    assert 3.8 < np.quantile(drawn, 0.975) < 5.8 and abs(np.median(drawn)) < 0.15
    found = ro.constant_variance_panels(persistent(np.random.default_rng(2), 0.9, 2.0))
    assert 0.7 < found.persistence[0] < 0.9 < found.persistence[-1] < 1
    assert found.level_sd[-1] == pytest.approx(0, abs=1e-6) and (np.diff(found.level_sd) <= 0).all()
    rng = np.random.default_rng(3)
    y = rng.standard_normal((31, 1)) * np.linspace(1, 0.3, 42) + 0.02 * rng.standard_normal((31, 42))
    found = ro.weak_sigma_test(y, generator_for(1, "w"), 299)
    assert found.slope < 0 and found.p_constant_variance < 0.05
    assert ro.weak_sigma_test(y[:, ::-1], generator_for(1, "w"), 299).p_constant_variance > 0.5
    y = persistent(np.random.default_rng(4), 0.8, 1.0)
    one = ro.weak_sigma_test(y, generator_for(1, "w"), 99)
    two = ro.weak_sigma_test(3 * y + np.arange(42) * 0.07 + np.log(100), generator_for(1, "w"), 99)
    assert one.p_constant_variance == two.p_constant_variance
    assert one.statistic == pytest.approx(two.statistic, rel=CLOSED_FORM)
    y, rng = persistent(np.random.default_rng(8), 0.6, 1.0), generator_for(1, "w")
    found = ro.weak_sigma_test(y, generator_for(1, "w"), 199)
    ro.white_noise_statistics(42, 0.1, rng, 199)
    drawn = ro.constant_variance_statistics(ro.constant_variance_panels(y), (31, 42), 0.1, rng, 199)
    tails = (1 + (drawn <= found.statistic).sum(axis=1)) / 200
    assert tails.min() < tails.max() == found.p_constant_variance


def persistent(rng, r, ratio, n=31, dates=42):
    e = rng.standard_normal((n, dates))
    e[:, 0] /= np.sqrt(1 - r**2)
    return lfilter([1.0], [1.0, -r], e, axis=1) + ratio / np.sqrt(1 - r**2) * rng.standard_normal((n, 1))


@pytest.mark.slow
@pytest.mark.montecarlo
def test_size_under_persistence():
    rng, plain, ours = np.random.default_rng(0), 0, 0
    for i in range(100):
        found = ro.weak_sigma_test(persistent(rng, 0.94, 4.0), generator_for(1, str(i)), 99)
        plain, ours = plain + (found.p_fixed_b < 0.05), ours + (found.p_constant_variance <= 0.05)
    assert plain / 100 > 0.15  # why the fixed-b p-value is not the one to read
    assert ours / 100 <= 0.1


@pytest.mark.parametrize(
    ("y", "words"),
    [(np.ones((2, 20)), "no panel"), (np.ones((5, 4)), "no panel"), (np.tile(np.arange(5.0)[:, None], 20), "move")],
)
def test_bad_input(y, words):
    refused(words, ro.weak_sigma_test, y, generator_for(1, "w"), 9)
