"""Windows of growth regressions: against statsmodels, joint covariance, the band and contrasts of speeds."""

import numpy as np
import pytest
import statsmodels.api as sm

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import fit_windows, speed_contrasts, sup_t_critical_value, sup_t_draws, window_ends
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


def windows(n=31, s=4, seed=1):
    rng = np.random.default_rng(seed)
    X = 9 + 0.4 * rng.standard_normal((n, s))
    return 0.3 - 0.02 * X + 0.01 * rng.standard_normal((n, s)), X


def test_fits_windows_and_leaving_units_out():
    y, X = windows()
    fit = fit_windows(y, X)
    for s in range(4):
        other = sm.OLS(y[:, s], sm.add_constant(X[:, s])).fit().get_robustcov_results("HC3")
        assert fit.slope[s] == pytest.approx(other.params[1], rel=CLOSED_FORM)
        assert fit.std_error[s] == pytest.approx(other.bse[1], rel=CLOSED_FORM)
    assert fit.df == 29
    fit, left = fit_windows(y, X), fit_windows(np.delete(y, 5, axis=0), np.delete(X, 5, axis=0))
    np.testing.assert_allclose(fit.slope - left.slope, fit.influence[5], rtol=CLOSED_FORM)
    np.testing.assert_allclose(np.diag(fit.covariance), fit.std_error**2, rtol=MACHINE)
    order = np.random.default_rng(2).permutation(31)
    np.testing.assert_allclose(fit_windows(y, X).covariance, fit_windows(y[order], X[order]).covariance, rtol=MACHINE)
    assert window_ends(np.arange(2000, 2005), 3) == [(0, 3), (1, 4)]
    assert window_ends(np.array([1940, 1950, 1960]), 10) == [(0, 1), (1, 2)]
    assert window_ends(np.array([1940, 1950, 1960]), 15) == []
    X = np.arange(6.0)[:, None] + 9
    refused("perfectly", sup_t_draws, fit_windows(2 * X, X), generator_for(1, "a"), 9)
    y, X = windows(s=2)
    refused("not positive", speed_contrasts, fit_windows(y, X), np.array([60.0, 80.0]), generator_for(1, "a"), 9)
    case = fit_windows(y[:, :1], X[:, :1]), np.array([6.0]), generator_for(1, "a"), 9
    refused("no comparison", speed_contrasts, *case)


def test_bands_and_contrasts_of_speeds():
    y, X = windows(s=1, seed=4)
    rng = [generator_for(1, "a") for _ in range(2)]
    one = sup_t_critical_value(sup_t_draws(fit_windows(y, X), rng[0], 999))
    same = sup_t_critical_value(sup_t_draws(fit_windows(np.tile(y, 6), np.tile(X, 6)), rng[1], 999))
    assert one == pytest.approx(same, rel=MACHINE)
    wide = sup_t_critical_value(sup_t_draws(fit_windows(*windows(s=12, seed=4)), generator_for(1, "a"), 999))
    assert 1.8 < one < 2.4 < wide < 5
    rng, years, speed = np.random.default_rng(3), np.array([5.0, 20.0]), 0.03
    X = 9 + 0.4 * rng.standard_normal((400, 2))
    fit = fit_windows((-(1 - np.exp(-speed * years)) / years * X + 0.001 * rng.standard_normal((400, 2))), X)
    found = speed_contrasts(fit, years, generator_for(1, "c"), 499)
    assert fit.slope[0] < fit.slope[1] - 0.005
    np.testing.assert_allclose(found.speed, speed, atol=3e-4)
    assert abs(found.contrasts[0].estimate) < 4e-4 and found.p_bootstrap[0] > 0.05 and found.wald_p > 0.05
    y, X = windows(s=2)
    fit, years = fit_windows(y, X), np.array([8.0, 12.0])
    found = speed_contrasts(fit, years, generator_for(1, "c"), 99)
    d = np.array([1 / (1 + fit.slope[0] * 8), -1 / (1 + fit.slope[1] * 12)])
    assert found.contrasts[0].std_error == pytest.approx(np.sqrt(d @ fit.covariance @ d), rel=CLOSED_FORM)
    assert found.wald == pytest.approx(found.contrasts[0].statistic ** 2, rel=CLOSED_FORM) and found.draws_left_out == 0


@pytest.mark.slow
@pytest.mark.montecarlo
def test_band_holds_the_whole_path():
    n, dates, lam, span = 31, 42, 0.02, 10
    rng, r, truth, inside = np.random.default_rng(5), np.exp(-0.02), -(1 - np.exp(-lam * span)) / span, 0
    for draw in range(150):
        y = np.empty((n, dates))
        y[:, 0] = 0.45 * rng.standard_normal(n)
        for t in range(1, dates):
            y[:, t] = r * y[:, t - 1] + 0.03 * rng.standard_normal(n)
        fit = fit_windows((y[:, span:] - y[:, :-span]) / span, y[:, :-span])
        band = sup_t_critical_value(sup_t_draws(fit, generator_for(1, str(draw)), 299))
        inside += bool((np.abs(fit.slope - truth) <= band * fit.std_error).all())
    assert 0.9 <= inside / 150 <= 0.99


@pytest.mark.parametrize(
    ("y", "X", "words"),
    [
        (np.ones((2, 1)), np.ones((2, 1)), "at least 3"),
        (np.ones((5, 1)), np.full((5, 1), np.nan), "missing"),
        (np.ones((5, 1)), np.ones((5, 1)), "same in every unit"),
        (np.arange(5.0)[:, None], np.array([[0, 0, 0, 0, 1.0]]).T, "leverage 1"),
    ],
)
def test_bad_input(y, X, words):
    refused(words, fit_windows, y, X)
