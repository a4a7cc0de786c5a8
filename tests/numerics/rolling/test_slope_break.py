"""A break in a common slope: planted ones, and the clustered Wald test written out."""

import tracemalloc

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import slope_break
from evenfield.numerics.rolling.slope_break import slope_break_test
from numerics.refusals import refused
from tolerances import close
from yaml_text import from_yaml


def panel(slopes, seed=0, units=31, noise=0.02):
    """Levels at the start of each year and growth in it, with one slope a year."""
    rng = default_rng(seed)
    y = np.empty((units, len(slopes) + 1))
    y[:, 0] = 9 + 0.45 * rng.standard_normal(units)
    for t, slope in enumerate(slopes):
        catching_up = slope * (y[:, t] - y[:, t].mean())
        shock = noise * rng.standard_normal(units)
        y[:, t + 1] = y[:, t] + 0.07 + catching_up + shock
    return y[:, :-1], np.diff(y, axis=1)


def test_planted_break_is_found():
    x, growth = panel([-0.06] * 18 + [0.02] * 22, noise=0.01)
    result = slope_break_test(x, growth, generator_for(1, "b"), 199)
    assert abs(result.break_position - 17) <= 1
    close(result.before, -0.06, atol=0.01)
    close(result.after, 0.02, atol=0.01)
    assert result.p_value == 1 / 200


@pytest.mark.parametrize(
    ("shape", "words"),
    from_yaml("""
    - [[2, 30], no room]
    - [[20, 3], no room]
    - [[20, 10], same in every]
    """),
)
def test_bad_input_is_refused(shape, words):
    same = np.ones(shape)
    refused(words, slope_break_test, same, same, generator_for(1, "b"), 9)


def largest_wald(x, y, dates):
    """Return the largest Wald test of one break in a slope with date effects, errors
    clustered by unit with N/(N-1).
    """
    n, T = x.shape
    dummies = np.tile(np.eye(T), (n, 1))
    cluster = {"groups": np.repeat(np.arange(n), T), "use_correction": False}
    result = []
    for last in dates:
        early = np.arange(T) <= last
        X = np.column_stack([(x * early).ravel(), (x * ~early).ravel(), dummies])
        fit = sm.OLS(y.ravel(), X).fit(cov_type="cluster", cov_kwds=cluster)
        c = np.eye(T + 2)[0] - np.eye(T + 2)[1]
        variance = c @ fit.cov_params() @ c * n / (n - 1)
        result.append((c @ fit.params) ** 2 / variance)
    return max(result)


def test_the_break_test_draws_one_sign_a_unit_for_residuals_without_break():
    x, g = panel([-0.02] * 4 + [-0.04] * 4, seed=3, units=8)
    dates = range(1, 6)  # two dates at least on both sides
    result = slope_break_test(x, g, generator_for(1, "b"), 19)
    close(result.statistic, largest_wald(x, g, dates))
    centred = x - x.mean(axis=0)
    outcome = g - g.mean(axis=0)
    residual = outcome - (centred * outcome).sum() / (centred**2).sum() * centred
    signs = generator_for(1, "b").integers(0, 2, (19, 8)) * 2 - 1
    drawn = [largest_wald(x, sign[:, None] * residual, dates) for sign in signs]
    beyond = sum(value >= result.statistic for value in drawn)
    assert result.p_value == (1 + beyond) / 20
    assert np.isnan(result.wald).tolist() == [True] + [False] * 5 + [True] * 2


def test_a_share_that_is_a_whole_number_of_dates_takes_no_more():
    # 0.14 * 50 is 7.000000000000001 in floating point.
    x, growth = panel([-0.02] * 50)
    path = slope_break_test(x, growth, default_rng(1), 9, trim=0.14).wald
    assert np.flatnonzero(np.isfinite(path)).tolist() == list(range(6, 43))


def test_samples_taken_few_at_once_give_the_same_test(monkeypatch):
    x, growth = panel([-0.02] * 20, units=9)
    one = slope_break_test(x, growth, default_rng(1), 700)
    monkeypatch.setattr(slope_break, "NUMBERS_AT_ONCE", 20)
    assert slope_break_test(x, growth, default_rng(1), 700).p_value == one.p_value


def test_long_panels_hold_no_table_of_dates_by_dates():
    x, growth = panel([-0.02] * 600, units=10)
    tracemalloc.start()
    try:
        slope_break_test(x, growth, default_rng(1), 99)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 600 * 600 * 8
