"""Trends and the log t regression."""

import numpy as np
import pytest
import statsmodels.api as sm

from evenfield.numerics import logt as lt
from evenfield.numerics.hp_filter import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics.unit_roots import quadratic_spectral
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


@pytest.fixture
def incomes():
    rng = np.random.default_rng(5)
    return 8 + rng.normal(0, 0.4, (12, 1)) + 0.03 * np.arange(30) + np.cumsum(rng.normal(0, 0.02, (12, 30)), axis=1)


def test_trends_and_the_regression_by_hand(incomes):
    ours, theirs = hp_trend(incomes, 400.0), [sm.tsa.filters.hpfilter(series, 400.0)[1] for series in incomes]
    np.testing.assert_allclose(ours, theirs, rtol=CLOSED_FORM)
    line = np.arange(10.0)[None] * 0.5 + 3
    np.testing.assert_allclose(hp_trend(line), line, rtol=MACHINE)
    np.testing.assert_allclose(hp_trend(incomes + 4.6) - hp_trend(incomes), 4.6, rtol=MACHINE)
    once, more = hp_trend(incomes), boosted_hp_trend(incomes)
    assert np.square(incomes - more).sum() < np.square(incomes - once).sum()
    np.testing.assert_allclose(boosted_hp_trend(incomes, most=1), once, rtol=MACHINE)
    series = incomes[0]
    fit = sm.OLS(series[2:], sm.add_constant(series[:-2])).fit()
    np.testing.assert_allclose(hamilton_trend(incomes)[0], fit.fittedvalues, rtol=CLOSED_FORM)
    H = lt.transition_variance(np.exp(incomes))
    fit = lt.fit_logt(H, lt.regression_periods(30, 10))
    b, se = by_hand(H, 10)
    assert fit.b[0] == pytest.approx(b, rel=CLOSED_FORM) and fit.std_error[0] == pytest.approx(se, rel=CLOSED_FORM)
    assert fit.t[0] == pytest.approx(b / se, rel=CLOSED_FORM) and fit.speed[0] == pytest.approx(b / 2, rel=CLOSED_FORM)
    groups = [incomes[:4], incomes[2:9], incomes]
    H, periods = np.array([lt.transition_variance(np.exp(group)) for group in groups]), lt.regression_periods(30, 10)
    for variance in ("fqsb", "aqsb"):
        together = lt.fit_logt(H, periods, variance)
        for i in range(3):
            assert together.t[i] == pytest.approx(lt.fit_logt(H[i], periods, variance).t[0], rel=CLOSED_FORM)
    trend, periods, hundred = hp_trend(incomes), lt.regression_periods(30, 10), hp_trend(incomes + np.log(100))
    one, two = (lt.fit_logt(lt.transition_variance(np.exp(x)), periods).t[0] for x in (trend, hundred))
    assert one == pytest.approx(two, rel=MACHINE)
    one, two = (lt.fit_logt(lt.transition_variance(x), periods).t[0] for x in (trend, hundred))
    assert abs(one - two) > 0.1


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array([[1.0, np.nan, 2.0, 3.0]])])
def test_trend_refuses(bad):
    refused(r"at least 3|gap", hp_trend, bad)
    refused("positive", hp_trend, np.ones((2, 5)), 0.0)
    refused("too few", hamilton_trend, np.ones((2, 4)))


def test_periods_paths_and_kernel():
    assert [lt.discarded_periods(T) for T in (34, 43, 21, 42)] == [11, 14, 7, 14] and lt.discarded_periods(
        10, 0.25
    ) == 2
    assert list(lt.regression_periods(7, 2)) == [3, 4, 5, 6, 7]
    for T, discard in ((6, 2), (30, 0)):
        refused("at least 5", lt.regression_periods, T, discard)
    np.testing.assert_allclose(lt.relative_transition(np.array([[1.0, 2.0], [3.0, 2.0]])), [[0.5, 1.0], [1.5, 1.0]])
    assert list(lt.transition_variance(np.array([[1.0, 2.0], [3.0, 2.0]]))) == [0.25, 0.0]
    refused("zero or negative", lt.relative_transition, np.array([[1.0, 2.0], [-1.0, 2.0]]))
    H = np.vstack([np.full(12, 0.2) / np.arange(1, 13), np.zeros(12)])
    fit = lt.fit_logt(H, lt.regression_periods(12, 4))
    assert np.isnan(fit.t[1]) and np.isfinite(fit.b[0])
    refused("fqsb", lt.fit_logt, H, lt.regression_periods(12, 4), "white")
    assert quadratic_spectral(np.array([1e-4]))[0] == pytest.approx(1, abs=1e-6)
    assert quadratic_spectral(np.array([1.0]))[0] == pytest.approx(0.1379, abs=5e-5)


def by_hand(H, m):
    """The formulas of research-design.md E5, written out in loops."""
    t = np.arange(m + 1, len(H) + 1)
    y, Z = np.log(H[0] / H[t - 1]) - 2 * np.log(np.log(t)), np.column_stack([np.ones(len(t)), np.log(t)])
    a, b = np.linalg.lstsq(Z, y, rcond=None)[0]
    u = y - Z @ [a, b]
    n, rho = len(u), (u[1:] @ u[:-1]) / (u[:-1] @ u[:-1])
    S, total = 1.3221 * (4 * rho**2 * n / (1 - rho) ** 4) ** 0.2, u @ u
    for j in range(1, n - 1):
        x = 1.2 * np.pi * j / S
        total += 2 * 3 / x**2 * (np.sin(x) / x - np.cos(x)) * sum(u[s] * u[s + j] for s in range(n - 1 - j))
    return b, np.sqrt(total / (n - 1) * np.linalg.inv(Z.T @ Z)[1, 1])
