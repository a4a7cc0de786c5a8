"""Weak sigma convergence: statsmodels' ratio, published points, size and invariance."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.signal import lfilter

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling.weak_sigma import (
    _drawn_variance,
    constant_variance_panels,
    constant_variance_statistics,
    fixed_b_trend,
    weak_sigma_test,
    white_noise_statistics,
)
from numerics.refusals import refused
from tolerances import close


def persistent(rng, persistence, ratio, units=31, dates=42):
    """Panels of constant variance: levels `ratio` times as wide as the AR(1)."""
    shocks = rng.standard_normal((units, dates))
    stationary_sd = 1 / np.sqrt(1 - persistence**2)
    shocks[:, 0] *= stationary_sd
    ar1 = lfilter([1.0], [1.0, -persistence], shocks, axis=1)
    return ar1 + ratio * stationary_sd * rng.standard_normal((units, 1))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_ratio_equals_statsmodels(share):
    z = default_rng(1).standard_normal(42).cumsum()
    hac = {"maxlags": round(share * 42) - 1, "use_correction": False}
    other = sm.OLS(z, sm.add_constant(np.arange(42))).fit(cov_type="HAC", cov_kwds=hac)
    fit = fixed_b_trend(z, share)
    close(fit.slope[0], other.params[1])
    close(fit.std_error[0], other.bse[1])


def test_fixed_b_tail_is_that_of_kiefer_and_vogelsang():
    drawn = white_noise_statistics(42, 1.0, generator_for(1, "w"), 4000)
    # Their 97.5 percent point at b = 1 is 4.77; a trend regressor moves it a little.
    assert 3.8 < np.quantile(drawn, 0.975) < 5.8
    assert abs(np.median(drawn)) < 0.15


def test_falling_variance_is_found_and_rising_is_not():
    rng = default_rng(3)
    falling = rng.standard_normal((31, 1)) * np.linspace(1, 0.3, 42)
    y = falling + 0.02 * rng.standard_normal((31, 42))
    result = weak_sigma_test(y, generator_for(1, "w"), 299)
    reverse = weak_sigma_test(y[:, ::-1], generator_for(1, "w"), 299)
    assert result.slope < 0
    assert result.p_constant_variance < 0.05
    assert reverse.p_constant_variance > 0.5


def test_units_and_common_growth_do_not_matter():
    y = persistent(default_rng(4), 0.8, 1.0)
    other = 3 * y + np.arange(42) * 0.07 + np.log(100)
    one = weak_sigma_test(y, generator_for(1, "w"), 99)
    two = weak_sigma_test(other, generator_for(1, "w"), 99)
    assert one.p_constant_variance == two.p_constant_variance
    close(one.statistic, two.statistic)


def test_p_value_is_the_largest_over_the_persistence():
    y = persistent(default_rng(8), 0.6, 1.0)
    result = weak_sigma_test(y, generator_for(1, "w"), 199)
    rng = generator_for(1, "w")
    white_noise_statistics(42, 0.1, rng, 199)
    panels = constant_variance_panels(y)
    drawn = constant_variance_statistics(panels, (31, 42), 0.1, rng, 199)
    tails = (1 + (drawn <= result.statistic).sum(axis=1)) / 200
    assert tails.min() < tails.max() == result.p_constant_variance


@pytest.mark.slow
def test_size_under_persistence():
    rng = default_rng(0)
    rejected_fixed_b = 0
    rejected = 0
    for i in range(100):
        y = persistent(rng, 0.94, 4.0)
        result = weak_sigma_test(y, generator_for(1, str(i)), 99)
        rejected_fixed_b += result.p_fixed_b < 0.05
        rejected += result.p_constant_variance <= 0.05
    assert rejected_fixed_b / 100 > 0.15  # why the fixed-b p-value is not to be read
    assert rejected / 100 <= 0.1


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.ones((2, 20)), "no panel"),
        (np.ones((5, 4)), "no panel"),
        (np.tile(np.arange(5.0)[:, None], 20), "move"),
    ],
)
def test_bad_input_is_refused(y, words):
    refused(words, weak_sigma_test, y, generator_for(1, "w"), 9)


def test_panels_of_constant_variance_have_the_variance_of_the_data():
    y = persistent(default_rng(2), 0.8, 1.0, units=20, dates=15)
    result = constant_variance_panels(y)
    z = y - y.mean(axis=0)
    total = (z**2).sum() / (19 * 15)
    now = z[:, 1:] - z[:, 1:].mean(axis=1, keepdims=True)
    before = z[:, :-1] - z[:, :-1].mean(axis=1, keepdims=True)
    low = (now * before).sum() / (before**2).sum()
    shock = ((now - low * before) ** 2).sum() / (19 * 13)
    close(result.persistence[0], low)
    close(result.persistence[-1], np.sqrt(1 - shock / total))
    close(np.diff(result.persistence, 2), 0, atol=1e-12)
    close(result.shock_sd, np.sqrt(shock))
    variance = result.level_sd**2 + result.shock_sd**2 / (1 - result.persistence**2)
    close(variance, total)


def test_drawn_variances_are_those_of_a_stationary_autoregression_around_levels():
    drawn = _drawn_variance(0.6, 0.5, 0.8, (4000, 6, 5), default_rng(1))
    assert drawn.shape == (4000, 5)
    expected = 0.5**2 + 0.8**2 / (1 - 0.6**2)
    close(drawn.mean(axis=0), expected, rtol=0.03)


def test_variances_of_many_units_are_drawn_as_those_of_panels():
    units, dates, rho = 60, 5, 0.6
    # More than ten units a date: drawn from a Wishart law.
    drawn = _drawn_variance(rho, 0.5, 0.8, (40_000, units, dates), default_rng(1))
    rng = default_rng(2)
    path = 0.8 * rng.standard_normal((dates, 8000, units))
    path[0] /= np.sqrt(1 - rho**2)
    for t in range(1, dates):
        path[t] += rho * path[t - 1]
    panels = (path + 0.5 * rng.standard_normal((8000, units))).var(axis=2, ddof=1).T
    close(drawn.mean(axis=0), panels.mean(axis=0), rtol=0.01)
    # Two variances of normal values with covariance c: 2 c^2 / (N - 1).
    apart = np.abs(np.subtract.outer(np.arange(dates), np.arange(dates)))
    c = 0.5**2 + 0.8**2 / (1 - rho**2) * rho**apart
    close(np.cov(drawn.T), 2 * c**2 / (units - 1), rtol=0.08)
    shares = np.linspace(0.05, 0.95, 7)
    close(np.quantile(drawn, shares), np.quantile(panels, shares), rtol=0.02)


def test_a_falling_variance_is_a_lower_tail_and_the_data_are_one_draw():
    y = persistent(default_rng(6), 0.7, 1.0, units=12, dates=20)
    result = weak_sigma_test(y, generator_for(1, "w"), 49)
    fit = fixed_b_trend(y.var(axis=0, ddof=1), 0.1)
    assert (result.slope, result.statistic) == (fit.slope[0], fit.statistic[0])
    rng = generator_for(1, "w")
    plain = white_noise_statistics(20, 0.1, rng, 49)
    assert (plain == np.sort(plain)).all()
    assert result.p_fixed_b == (1 + sum(t <= result.statistic for t in plain)) / 50
    refused("bandwidth share of 1.5", fixed_b_trend, y[0], 1.5)
    refused("bandwidth share of 0", fixed_b_trend, y[0], 0.0)


def test_a_trend_needs_six_dates_and_no_more():
    dates = np.arange(6.0)
    assert fixed_b_trend(dates**2).slope.shape == (1,)
    refused("5 dates and a bandwidth", fixed_b_trend, dates[:-1])
