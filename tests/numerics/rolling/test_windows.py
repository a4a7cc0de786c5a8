"""Windows of growth regressions: against statsmodels, joint covariance and the band."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling.windows import (
    fit_windows,
    sup_t_critical_value,
    sup_t_draws,
    window_ends,
)
from numerics.refusals import refused
from numerics.rolling.by_hand import signed_samples
from tolerances import MACHINE, close


def windows(units=31, spans=4, seed=1):
    rng = default_rng(seed)
    X = 9 + 0.4 * rng.standard_normal((units, spans))
    return 0.3 - 0.02 * X + 0.01 * rng.standard_normal((units, spans)), X


def test_slopes_and_hc3_errors_are_those_of_statsmodels():
    y, X = windows()
    fit = fit_windows(y, X)
    for s in range(4):
        plain = sm.OLS(y[:, s], sm.add_constant(X[:, s])).fit()
        robust = plain.get_robustcov_results("HC3")
        close(fit.slope[s], robust.params[1])
        close(fit.std_error[s], robust.bse[1])


def test_a_window_needs_three_units_and_no_more():
    y, X = windows(units=3)
    assert fit_windows(y, X).df == 1
    refused("2 units, a regression needs at least 3", fit_windows, y[:2], X[:2])


def test_degrees_of_freedom_are_units_less_two():
    assert fit_windows(*windows()).df == 29


def test_influence_is_the_change_when_a_unit_is_left_out():
    y, X = windows()
    fit = fit_windows(y, X)
    without = fit_windows(np.delete(y, 5, axis=0), np.delete(X, 5, axis=0))
    change = fit.slope - without.slope
    close(change, fit.influence[5])


def test_diagonal_of_the_joint_covariance_is_hc3():
    fit = fit_windows(*windows())
    close(np.diag(fit.covariance), fit.std_error**2, MACHINE)


@pytest.mark.parametrize(
    ("times", "span", "ends"),
    [
        (np.arange(2000, 2005), 3, [(0, 3), (1, 4)]),
        (np.array([1940, 1950, 1960]), 10, [(0, 1), (1, 2)]),
        (np.array([1940, 1950, 1960]), 15, []),
    ],
)
def test_windows_end_at_dates_of_the_panel(times, span, ends):
    assert window_ends(times, span) == ends


def test_band_of_a_perfect_fit_is_refused():
    X = np.arange(6.0)[:, None] + 9
    fit = fit_windows(2 * X, X)
    refused("perfectly", sup_t_draws, fit, generator_for(1, "a"), 9)


@pytest.mark.parametrize(
    ("y", "X", "words"),
    [
        (np.ones((2, 1)), np.ones((2, 1)), "at least 3"),
        (np.ones((5, 1)), np.full((5, 1), np.nan), "missing"),
        (np.ones((5, 1)), np.ones((5, 1)), "same in every unit"),
        (np.arange(5.0)[:, None], np.array([[0, 0, 0, 0, 1.0]]).T, "leverage 1"),
    ],
)
def test_bad_input_is_refused(y, X, words):
    refused(words, fit_windows, y, X)


def test_the_band_comes_from_regressions_of_residuals_with_drawn_signs():
    y, X = windows(units=14, spans=2)
    moved, influence = signed_samples(y, X, 40, generator_for(1, "a"))
    ratios = np.abs(moved) / np.sqrt((influence**2).sum(axis=2))
    drawn = sup_t_draws(fit_windows(y, X), generator_for(1, "a"), 40)
    close(drawn, np.sort(ratios.max(axis=1)))
    # The 38th of 40 is the smallest that 95 percent do not exceed, counted from one.
    assert sup_t_critical_value(drawn) == np.sort(drawn)[38]
    assert sup_t_critical_value(drawn, 0.5) == np.sort(drawn)[20]
