"""Trends against their first-order condition, closed forms and statsmodels."""

import tracemalloc

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.trends import boosted_hp_trend, hamilton_trend, hp_trend
from numerics.refusals import refused
from tolerances import MACHINE, close


@pytest.fixture
def incomes():
    rng = default_rng(5)
    level = 8 + rng.normal(0, 0.4, (12, 1)) + 0.03 * np.arange(30)
    return level + np.cumsum(rng.normal(0, 0.02, (12, 30)), axis=1)


def test_hodrick_prescott_trend_solves_its_first_order_condition(incomes):
    trend = hp_trend(incomes, 400.0)
    second = np.diff(np.eye(30), n=2, axis=0)
    # (I + penalty D'D) g = y, D the second differences.
    close(trend + 400.0 * trend @ second.T @ second, incomes)


def test_a_trend_leaves_a_line_and_moves_with_the_level(incomes):
    line = np.arange(10.0)[None] * 0.5 + 3
    close(hp_trend(line), line, MACHINE)
    close(hp_trend(incomes + 4.6) - hp_trend(incomes), 4.6, MACHINE)


def test_boosting_comes_closer_and_once_is_the_plain_trend(incomes):
    once = hp_trend(incomes)
    more = boosted_hp_trend(incomes)
    assert np.square(incomes - more).sum() < np.square(incomes - once).sum()
    close(boosted_hp_trend(incomes, most=1), once, MACHINE)


def test_boosting_filters_the_cycle_again_until_its_criterion_is_smallest(incomes):
    second = np.diff(np.eye(30), n=2, axis=0)
    cycle_of = np.eye(30) - np.linalg.inv(np.eye(30) + 400 * second.T @ second)
    trends = boosted_hp_trend(incomes)
    for path, trend in zip(incomes, trends, strict=True):
        first = cycle_of @ path
        candidates = []
        for times in range(1, 51):
            power = np.linalg.matrix_power(cycle_of, times)
            taken = 30 - np.trace(power)
            criterion = (power @ path) @ (power @ path) / (first @ first)
            criterion += np.log(30) * taken / np.trace(cycle_of)
            candidates.append((criterion, times))
        power = np.linalg.matrix_power(cycle_of, min(candidates)[1])
        close(trend, path - power @ path)


def test_a_trend_of_many_dates_needs_no_table_of_dates_by_dates():
    y = default_rng(1).normal(size=(3, 1500)).cumsum(axis=1)
    for trend in (hp_trend, boosted_hp_trend):
        tracemalloc.start()
        try:
            trend(y)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert most < 1500 * 1500 * 8 / 2
    close(hp_trend(y)[0], sm.tsa.filters.hpfilter(y[0], 400)[1], 1e-6)


def test_hamilton_trend_is_a_regression_on_the_value_two_dates_before(incomes):
    series = incomes[0]
    fit = sm.OLS(series[2:], sm.add_constant(series[:-2])).fit()
    close(hamilton_trend(incomes)[0], fit.fittedvalues)


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array([[1.0, np.nan, 2.0, 3.0]])])
def test_trend_refuses(bad):
    refused(r"at least 3|gap", hp_trend, bad)
    refused("positive", hp_trend, np.ones((2, 5)), 0.0)
    # Rounding that the penalty multiplies would show in the trend.
    refused("at most 1e\\+10, not 1e\\+16", hp_trend, np.ones((2, 5)), 1e16)
    refused("at most 1e\\+10, not inf", boosted_hp_trend, np.ones((2, 5)), np.inf)
    refused("too few", hamilton_trend, np.ones((2, 4)))
