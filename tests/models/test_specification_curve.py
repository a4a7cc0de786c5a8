"""Summaries of a curve and their joint test, by hand."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.specification_curve import (
    curve_summaries,
    joint_test,
    permutations_from_keys,
    slopes_by_draw,
)
from numerics.refusals import refused
from tolerances import close


def test_slopes_of_many_treatments_are_those_of_statsmodels_clustered_by_unit():
    rng = default_rng(3)
    units = np.repeat(np.arange(7), [2, 3, 3, 4, 2, 3, 3])
    controls = np.column_stack([np.ones(20), rng.normal(size=20)])
    treatments = rng.normal(size=(20, 4))
    y = rng.normal(size=20) + units
    beta, errors, df = slopes_by_draw(y, treatments, controls, units)
    assert df == 6
    refused("collinear", slopes_by_draw, y, controls[:, 1:], controls, units)
    for b in range(4):
        X = np.column_stack([treatments[:, b], controls])
        fit = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": units})
        close(beta[b], fit.params[0])
        close(errors[b], fit.bse[0])


def test_medians_and_shares_of_curves_with_and_without_gaps():
    estimates = np.array([[1.0, 4.0], [2.0, -1.0], [3.0, 5.0], [9.0, 2.0]])
    statistics = np.array([[1.0, 3.0], [2.5, -9.0], [3.0, 2.1], [np.nan, 4.0]])
    df = np.full(4, 30)
    result = curve_summaries(estimates, statistics, df, 1.0)
    close(result[:, 0], [2, 1, 2 / 3, 6.5 / 3])
    close(result[:, 1], [3, 0.75, 0.75, 0.1 / 4], atol=1e-12)
    falling = curve_summaries(estimates, statistics, df, -1.0)
    close(falling[1:3, 1], [0.25, 0.25])
    assert np.isnan(curve_summaries(estimates, statistics * np.nan, df, 1.0)).all()


def test_a_joint_test_counts_draws_in_the_predicted_direction():
    draws = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, np.nan])
    up = joint_test(1.0, draws, 1.0)
    assert (up.p_value, up.draws) == ((1 + 2) / 6, 5)
    assert joint_test(1.0, draws, -1.0).p_value == (1 + 4) / 6
    assert joint_test(-2.0, draws, -1.0).p_value == (1 + 1) / 6
    close((up.low, up.high), tuple(np.quantile(draws[:5], [0.025, 0.975])))
    assert joint_test(1.0, np.array([np.nan, 2.0]), 1.0).draws == 1
    refused("needs draws", joint_test, 0.5, np.array([]), 1.0)


@pytest.mark.parametrize("factor", [1e-7, 1e7])
def test_a_joint_test_is_the_same_in_every_unit_of_measure(factor):
    draws = np.array([-2.0, -1.0, 0.9, 1.0, 2.0, 0.0])
    for value in (-1.0, 0.0, 1.0, 1.5):
        want = joint_test(value, draws, 1.0).p_value
        assert joint_test(factor * value, factor * draws, 1.0).p_value == want


def test_permutations_stay_within_strata_and_follow_their_keys():
    strata = np.array([1, 0, 1, 0, 1])
    source = permutations_from_keys(np.array([[0.9, 0.2, 0.1, 0.8, 0.5]]), strata)[0]
    assert source.tolist() == [2, 1, 4, 3, 0]


def test_a_draw_that_gives_all_units_one_treatment_has_no_slope():
    rng = default_rng(4)
    y = rng.normal(size=9)
    controls = np.column_stack([np.ones(9), rng.normal(size=9)])
    varied = rng.normal(size=9)
    # Less the constant 0.1 leaves rounding, the number 1e-17 or so, and not zero.
    treatments = np.column_stack([varied, np.full(9, 0.1), np.zeros(9)])
    beta, errors, _ = slopes_by_draw(y, treatments, controls, np.arange(9))
    assert np.isfinite([beta[0], errors[0]]).all()
    assert np.isnan(beta[1:]).all() and np.isnan(errors[1:]).all()


def test_a_draw_whose_treatment_the_effects_take_up_has_no_slope():
    rng = default_rng(5)
    y = rng.normal(size=9)
    controls = np.ones((9, 1))
    # What effects leave of a treatment that they take up is rounding.
    left = np.column_stack([rng.normal(size=9), 1e-16 * rng.normal(size=9)])
    squares = np.array([9.0, 9.0])
    beta, _, _ = slopes_by_draw(y, left, controls, np.arange(9), 3, squares)
    assert np.isfinite(beta[0]) and np.isnan(beta[1])


@pytest.mark.parametrize("taken_out", [False, True])
def test_an_outcome_that_a_treatment_explains_has_no_error(taken_out):
    rng = default_rng(6)
    treatments = rng.normal(size=(9, 2))
    controls = np.column_stack([np.ones(9), rng.normal(size=9)])
    y = treatments @ [3.0, 0.0] + controls @ [1.0, 2.0]
    squares = None
    if taken_out:  # of what effects explain rounding alone is left
        y = 1e-16 * rng.normal(size=9)
        squares = 9.0
    beta, errors, _ = slopes_by_draw(
        y, treatments, controls, np.arange(9), outcome_before=squares
    )
    assert np.isfinite(beta).all()
    assert np.isnan(errors).tolist() == [True, taken_out]
