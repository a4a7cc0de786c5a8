"""The log t regression against statsmodels and the formulas in loops."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.trends import hp_trend
from evenfield.numerics.logt import (
    discarded_periods,
    fit_logt,
    regression_periods,
    relative_transition,
    transition_variance,
)
from evenfield.numerics.long_run_variance import quadratic_spectral
from numerics.refusals import refused
from tolerances import MACHINE, close

PERIODS = regression_periods(30, 10)


@pytest.fixture
def incomes():
    rng = default_rng(5)
    level = 8 + rng.normal(0, 0.4, (12, 1)) + 0.03 * np.arange(30)
    return level + np.cumsum(rng.normal(0, 0.02, (12, 30)), axis=1)


def regression(H, m):
    """Return log t and the least squares of log H(1)/H(t) - 2 log log t on it."""
    t = np.arange(m + 1, len(H) + 1)
    y = np.log(H[0] / H[t - 1]) - 2 * np.log(np.log(t))
    return np.log(t), sm.OLS(y, sm.add_constant(np.log(t))).fit()


def spectral_sum(u, bandwidth, lags):
    """u'u and twice its autocovariances under the quadratic spectral kernel."""
    total = u @ u
    for j in range(1, lags):
        x = 1.2 * np.pi * j / bandwidth
        kernel = 3 / x**2 * (np.sin(x) / x - np.cos(x))
        total += 2 * kernel * sum(u[s] * u[s + j] for s in range(lags - j))
    return total


def fqsb_by_hand(H, m):
    """The formulas of research-design.md E5, written out in loops."""
    _, fit = regression(H, m)
    u = fit.resid
    n = len(u)
    rho = (u[1:] @ u[:-1]) / (u[:-1] @ u[:-1])
    S = 1.3221 * (4 * rho**2 * n / (1 - rho) ** 4) ** 0.2
    total = spectral_sum(u, S, n - 1)
    return fit.params[1], np.sqrt(total / (n - 1) * fit.normalized_cov_params[1, 1])


def aqsb_by_hand(H, m):
    """The automatic bandwidth of Andrews (1991) for the scores u log t, in loops."""
    log_t, fit = regression(H, m)
    n = len(log_t)
    scores = fit.resid * log_t
    ar1 = sm.OLS(scores[1:], sm.add_constant(scores[:-1])).fit()
    a = ar1.params[1]
    variance = (ar1.resid**2).mean()
    alpha = (4 * a**2 * variance**2 / (1 - a) ** 8) / (variance**2 / (1 - a) ** 4)
    centred = log_t - log_t.mean()
    total = spectral_sum(fit.resid * centred, 1.3221 * (alpha * n) ** 0.2, n)
    return fit.params[1], np.sqrt(total * n / (n - 2)) / (centred @ centred)


@pytest.mark.parametrize(
    ("variance", "by_hand"), [("fqsb", fqsb_by_hand), ("aqsb", aqsb_by_hand)]
)
def test_the_regression_and_its_error_by_hand(incomes, variance, by_hand):
    H = transition_variance(np.exp(incomes))
    fit = fit_logt(H, PERIODS, variance)
    b, se = by_hand(H, 10)
    close([fit.b[0], fit.std_error[0], fit.t[0]], [b, se, b / se])


@pytest.mark.parametrize("variance", ["fqsb", "aqsb"])
def test_regressions_of_many_groups_are_those_of_each(incomes, variance):
    groups = [incomes[:4], incomes[2:9], incomes]
    H = np.array([transition_variance(np.exp(group)) for group in groups])
    alone = [fit_logt(one, PERIODS, variance).t[0] for one in H]
    close(fit_logt(H, PERIODS, variance).t, alone)


def test_another_currency_changes_the_test_of_logs_and_not_that_of_levels(incomes):
    trends = [hp_trend(incomes), hp_trend(incomes + np.log(100))]
    levels, logs = (
        [fit_logt(transition_variance(measure(x)), PERIODS).t[0] for x in trends]
        for measure in (np.exp, np.asarray)
    )
    close(*levels, MACHINE)
    assert abs(logs[0] - logs[1]) > 0.1


def test_a_share_of_the_first_periods_is_discarded():
    lengths = (34, 43, 21, 30, 31, 41)
    assert [discarded_periods(T) for T in lengths] == [11, 14, 7, 10, 10, 14]
    assert [discarded_periods(10, 0.25), discarded_periods(30, 0.2)] == [2, 6]
    assert list(regression_periods(7, 2)) == [3, 4, 5, 6, 7]
    for T, discard in ((6, 2), (30, 0)):
        refused("at least 5", regression_periods, T, discard)


def test_paths_are_relative_to_the_mean_and_their_variance_is_around_one():
    paths = np.array([[1.0, 2.0], [3.0, 2.0]])
    close(relative_transition(paths), [[0.5, 1.0], [1.5, 1.0]])
    assert list(transition_variance(paths)) == [0.25, 0.0]
    refused("zero or negative", relative_transition, paths - [[0, 0], [4, 0]])


def test_dispersion_of_zero_has_no_ratio_and_an_unknown_variance_is_refused():
    H = np.vstack([np.full(12, 0.2) / np.arange(1, 13), np.zeros(12)])
    periods = regression_periods(12, 4)
    fit = fit_logt(H, periods)
    assert np.isnan(fit.t[1])
    assert np.isfinite(fit.b[0])
    refused("fqsb", fit_logt, H, periods, "white")


def test_quadratic_spectral_kernel_at_two_points():
    close(quadratic_spectral(np.array([1e-4, 1.0])), [1, 0.1379], atol=5e-5)
