"""Beta convergence against statsmodels and closed forms; what is not defined."""

from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.stats import t as student

from evenfield.models.beta import growth_regression
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import Design
from tolerances import close

N = 14
YEARS = 20.0
UNITS = np.array([f"u{i:02d}" for i in range(N)])
RNG = default_rng(31)
START = RNG.normal(9, 0.5, N)
COAST = np.arange(N) % 3 * 1.0
GROWTH = 0.2 - 0.016 * START + 0.002 * COAST + RNG.normal(0, 0.004, N)
X = sm.add_constant(np.column_stack([START, COAST]))


def regression(growth=GROWTH, start=START, coast=COAST, units=UNITS, methods=("HC3",)):
    design_of = partial(Design, units=in_order(units[: len(growth)]))
    controls = {} if coast is None else {"coast": coast}
    return growth_regression(
        growth, start, controls, YEARS, lambda fit: design_of(fit=fit), methods
    )


def by_term(result, level=0.95):
    return {(row.term, row.method): row.test for row in result.rows(level)}


def numbers(test):
    return test.estimate, test.std_error, test.p_value, test.conf_low, test.conf_high


def test_slope_covariance_and_r2_are_those_of_statsmodels():
    result = regression()
    want = sm.OLS(GROWTH, X).fit(cov_type="HC3", use_t=True)
    tests = by_term(result, 0.9)
    low, high = want.conf_int(0.1)[1]
    expected = (want.params[1], want.bse[1], want.pvalues[1], low, high)
    close(numbers(tests["slope", "HC3"]), expected)
    close(result.covariance, want.cov_params())
    close(tests["r2", ""].estimate, want.rsquared)


def test_the_line_and_its_band_are_those_of_statsmodels():
    want = sm.OLS(GROWTH, X[:, :2]).fit(cov_type="HC3", use_t=True)
    grid = np.linspace(8, 10, 7)
    expected = want.get_prediction(sm.add_constant(grid)).summary_frame(0.1)
    line = regression(coast=None).line(grid, 0.9)
    for values, name in zip(
        line, ("mean", "mean_ci_lower", "mean_ci_upper"), strict=True
    ):
        close(values, expected[name])


def test_the_speed_has_the_ends_of_the_slope_transformed_and_its_test():
    tests = by_term(regression())
    slope, speed, life = (
        tests["slope", "HC3"],
        tests["speed", ""],
        tests["half_life", ""],
    )
    ends = np.array([slope.estimate, slope.conf_high, slope.conf_low])
    transformed = -np.log(1 + YEARS * ends) / YEARS
    close((speed.estimate, speed.conf_low, speed.conf_high), transformed)
    assert (speed.p_value, speed.df) == (slope.p_value, N - 3)
    halves = np.log(2) / transformed[[0, 2, 1]]
    close((life.estimate, life.conf_low, life.conf_high), halves)


def test_the_speed_by_nonlinear_least_squares_has_the_error_of_the_delta_method():
    tests = by_term(regression(), 0.9)
    slope, speed = tests["slope", "HC3"], tests["speed_nls", ""]
    close(speed.estimate, tests["speed", ""].estimate)
    # d lambda / d b = -1 / (1 + bT)
    close(speed.std_error, slope.std_error / (1 + YEARS * slope.estimate))
    half = student.ppf(0.95, N - 3) * speed.std_error
    close(
        (speed.conf_low, speed.conf_high),
        (speed.estimate - half, speed.estimate + half),
    )


def test_a_slope_that_overshoots_has_no_speed_and_says_so():
    rows = {row.term: row for row in regression(GROWTH - 0.04 * START).rows(0.95)}
    assert rows["slope"].test.estimate * YEARS < -1
    for term in ("speed", "half_life", "speed_nls"):
        assert np.isnan(rows[term].test.estimate)
    assert "1 + bT is not positive" in rows["speed"].notes[0]
    assert "no minimum" in rows["speed_nls"].test.reason


def test_speeds_of_zero_or_less_have_no_half_life():
    life = {row.term: row for row in regression(GROWTH + 0.0145 * START).rows(0.95)}[
        "half_life"
    ]
    assert life.test.conf_low > 0
    assert (np.isnan(life.test.conf_high), life.notes[-1]) == (
        True,
        "half-life unbounded",
    )
    rows = {row.term: row for row in regression(GROWTH + 0.03 * START).rows(0.95)}
    assert rows["speed"].test.estimate < 0
    assert np.isnan(rows["half_life"].test.estimate)
    assert any("zero or less" in note for note in rows["half_life"].notes)


def test_the_first_method_decides_the_speed_and_one_that_cannot_be_says_why():
    tests = by_term(regression(methods=("CR3", "SCPC", "HC3")))
    assert tests["speed", ""].p_value == tests["slope", "CR3"].p_value
    assert "no coordinates" in tests["slope", "SCPC"].reason
    close(tests["slope", "HC3"].estimate, tests["slope", "CR3"].estimate)


def test_units_in_another_order_give_the_same_rows():
    order = default_rng(1).permutation(N)
    one = by_term(regression(methods=("HC3", "CR3")))
    moved = (values[order] for values in (GROWTH, START, COAST, UNITS))
    two = by_term(regression(*moved, methods=("HC3", "CR3")))
    for key, test in one.items():
        close(two[key].estimate, test.estimate)
        close(two[key].p_value, test.p_value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"growth": GROWTH[:2], "start": START[:2], "coast": None}, "2 units, a regr"),
        ({"start": np.full(N, 9.0)}, "start is the same in every unit"),
        ({"coast": np.ones(N)}, "coast is the same in every unit"),
        ({"growth": np.full(N, 0.02)}, "growth is the same in every unit"),
        ({"coast": 2 * START}, "collinear"),
        ({"coast": np.eye(N)[0]}, "leverage 1"),
    ],
)
def test_what_has_no_regression_says_why(change, reason):
    result = regression(**change)
    assert reason in result.reason
    rows = result.rows(0.95)
    assert [row.term for row in rows] == [
        "slope",
        "speed",
        "half_life",
        "speed_nls",
        "r2",
    ]
    assert all(np.isnan(row.test.estimate) and row.test.reason for row in rows)
