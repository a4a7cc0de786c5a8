"""Prediction of units left out: against refits and statsmodels' criterion."""

import numpy as np
import pytest
from numpy.random import default_rng
from statsmodels.regression.linear_model import OLS

from evenfield.numerics import prediction_error as pe
from evenfield.numerics.prediction_error import predictor, upper_p_value
from numerics.refusals import refused
from tolerances import close

N = 15
UNITS = np.array([f"u{i:02d}" for i in range(N)])


@pytest.fixture
def regression():
    rng = default_rng(4)
    X = np.column_stack([np.ones(N), rng.normal(size=(N, 3))])
    return X @ [1, 0.8, 0, 0] + rng.normal(size=N), X


def squared_errors_of_refits(y, X):
    errors = []
    for i in range(N):
        retained = np.arange(N) != i
        errors.append(
            (y[i] - OLS(y[retained], X[retained]).fit().predict(X[i])[0]) ** 2
        )
    return errors


def test_the_mean_squared_error_is_that_of_refits_without_each_unit(regression):
    y, X = regression
    result = pe.leave_one_out_mse(y, predictor(X, UNITS))
    close(result, np.mean(squared_errors_of_refits(y, X)))


def test_gains_of_many_outcomes_are_those_of_each(regression):
    y, X = regression
    small = predictor(X[:, :2], UNITS)
    large = predictor(X, UNITS)
    several = np.stack([y, y[::-1]])
    saved = [
        1
        - np.mean(squared_errors_of_refits(one, X))
        / np.mean(squared_errors_of_refits(one, X[:, :2]))
        for one in several
    ]
    close(pe.prediction_gain(several, small, large), saved)
    lowered = [OLS(o, X[:, :2]).fit().bic - OLS(o, X).fit().bic for o in several]
    close(pe.schwarz_gain(several, small, large), lowered)


def test_the_p_value_counts_the_data_as_one_draw_and_ties_as_extreme():
    drawn = np.array([0.1, 0.3, 0.3, 0.5])
    assert upper_p_value(0.3, drawn) == 4 / 5
    assert upper_p_value(0.3 + 1e-12, drawn) == 4 / 5
    assert upper_p_value(0.6, drawn) == 1 / 5
    assert upper_p_value(-0.2, drawn) == 1


def test_a_unit_alone_in_its_group_is_named(regression):
    _, X = regression
    alone = np.column_stack([X, np.arange(N) == 6])
    refused("u06 is alone in its group", predictor, alone, UNITS)
