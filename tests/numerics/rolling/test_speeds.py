"""Speeds of separate periods: one speed under different slopes, and the delta method."""

import numpy as np
from numpy.random import default_rng

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling.speeds import speed_contrasts
from evenfield.numerics.rolling.windows import fit_windows
from numerics.refusals import refused
from numerics.rolling.by_hand import hc3_influence, signed_samples
from tolerances import close


def two_periods(seed=1, units=31):
    rng = default_rng(seed)
    X = 9 + 0.4 * rng.standard_normal((units, 2))
    return fit_windows(0.3 - 0.02 * X + 0.01 * rng.standard_normal((units, 2)), X)


def test_planted_speed_is_found_in_periods_of_different_length():
    rng = default_rng(3)
    years = np.array([5.0, 20.0])
    X = 9 + 0.4 * rng.standard_normal((400, 2))
    slopes = -(1 - np.exp(-0.03 * years)) / years
    fit = fit_windows(slopes * X + 0.001 * rng.standard_normal((400, 2)), X)
    result = speed_contrasts(fit, years, generator_for(1, "c"), 99)
    close(result.speed, 0.03, atol=3e-4)
    assert abs(result.contrasts[0].estimate) < 4e-4
    assert result.draws_left_out == 0


def test_speed_that_is_not_defined_is_refused():
    years = np.array([60.0, 80.0])
    rng = generator_for(1, "a")
    refused("not positive", speed_contrasts, two_periods(), years, rng, 9)


def test_one_period_is_refused():
    rng = default_rng(1)
    X = 9 + 0.4 * rng.standard_normal((31, 1))
    fit = fit_windows(-0.02 * X + 0.01 * rng.standard_normal((31, 1)), X)
    refused(
        "no comparison", speed_contrasts, fit, np.array([6.0]), generator_for(1, "a"), 9
    )


def test_contrasts_of_speeds_are_drawn_around_those_of_the_data():
    rng = default_rng(5)
    X = 9 + 0.4 * rng.standard_normal((14, 3))
    y = 0.3 - 0.02 * X + 0.01 * rng.standard_normal((14, 3))
    years = np.array([6.0, 9.0, 14.0])
    fit = fit_windows(y, X)
    result = speed_contrasts(fit, years, generator_for(1, "c"), 39, 0.9)

    def contrasts(slopes, influence):
        speed = -np.log(1 + slopes * years) / years
        own = influence / (1 + slopes * years)[:, None]
        apart = own[1:] - own[0]
        return speed[1:] - speed[0], apart @ apart.T

    own_influence = np.array([hc3_influence(y[:, s], X[:, s])[1] for s in range(3)])
    gap, cov = contrasts(fit.slope, own_influence)
    wald = gap @ np.linalg.solve(cov, gap) / 2
    close(result.wald, wald)
    for k, test in enumerate(result.contrasts):
        error = np.sqrt(cov[k, k])
        close((test.estimate, test.std_error), (gap[k], error))
        assert (test.df, test.level) == (12, 0.9)
    moved, influence = signed_samples(y, X, 39, generator_for(1, "c"))
    ratios = []
    walds = []
    for shift, by_unit in zip(moved, influence, strict=True):
        drawn, standard_deviation = contrasts(fit.slope + shift, by_unit)
        ratios.append(np.abs(drawn - gap) / np.sqrt(np.diag(standard_deviation)))
        walds.append(
            (drawn - gap) @ np.linalg.solve(standard_deviation, drawn - gap) / 2
        )
    own = np.abs(gap) / np.sqrt(np.diag(cov))
    beyond = (np.array(ratios) >= own).sum(axis=0)
    close(result.p_bootstrap, (1 + beyond) / 40)
    assert result.wald_p == (1 + sum(w >= wald for w in walds)) / 40


def test_draws_in_which_a_speed_does_not_exist_are_counted_and_left_out():
    # 1 + bT is .3 and .1 in the data and below zero in some of the draws.
    rng = default_rng(1)
    X = 9 + rng.standard_normal((9, 2))
    years = np.array([10.0, 18.0])
    y = -np.array([0.07, 0.05]) * X + 0.03 * rng.standard_normal((9, 2))
    fit = fit_windows(y, X)
    moved, _ = signed_samples(y, X, 60, generator_for(1, "c"))
    lost = (1 + (fit.slope + moved) * years <= 0).any(axis=1).sum()
    result = speed_contrasts(fit, years, generator_for(1, "c"), 60)
    assert result.draws_left_out == lost > 0
    close(
        result.p_bootstrap[0] * (61 - lost), round(result.p_bootstrap[0] * (61 - lost))
    )
