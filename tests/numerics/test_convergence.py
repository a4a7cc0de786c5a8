"""Speed and half-life: transforms, intervals and nonlinear least squares."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics import convergence as cv
from evenfield.numerics.convergence import (
    Bounds,
    fit_speed,
    half_life,
    half_life_bounds,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.ols import cov_hc3, fit_ols
from numerics.refusals import refused
from tolerances import MACHINE, close


def planted(lam=0.02, years=20.0, n=40, noise=0.002, seed=3):
    rng = default_rng(seed)
    y0 = rng.normal(9, 0.5, n)
    Z = rng.normal(size=(n, 2))
    phi = -np.expm1(-lam * years) / years
    return (0.25 - phi * y0 + Z @ [0.003, -0.001] + rng.normal(0, noise, n)), y0, Z


@pytest.mark.parametrize("lam", [-0.03, -0.001, 0.0, 0.02, 0.3])
def test_speed_inverts_the_slope(lam):
    close(speed_from_slope((np.expm1(-lam * 20) / 20), 20), lam, atol=MACHINE)


def test_half_lives_and_bounds_also_unbounded_and_undefined():
    close(half_life(np.log(2) / 42), 42)
    assert np.isnan([half_life(speed) for speed in (0.0, -0.01, np.nan)]).all()
    bounds = speed_bounds(-0.018, -0.009, 20)
    assert bounds.low == speed_from_slope(-0.009, 20)
    assert bounds.high == speed_from_slope(-0.018, 20)
    life = half_life_bounds(bounds)
    assert (life.low, life.high) == (half_life(bounds.high), half_life(bounds.low))
    assert bounds.note == life.note == ""
    bounds = speed_bounds(-0.06, -0.01, 20)
    assert bounds.note == "unbounded"
    assert np.isnan(bounds.high)
    life = half_life_bounds(bounds)
    assert life.low == 0.0
    assert life.high == half_life(bounds.low)
    assert speed_bounds(-0.08, -0.06, 20).note == "undefined"
    assert half_life_bounds(Bounds(np.nan, np.nan, "undefined")).note == "undefined"
    assert half_life_bounds(Bounds(-0.01, 0.0)).note == "undefined"
    divergence = half_life_bounds(speed_bounds(0.01, 0.02, 20))
    assert divergence.note == "undefined"
    assert np.isnan(divergence.low)
    assert np.isnan(divergence.high)


@pytest.mark.parametrize("lam", [-0.06, -0.01, 0.0, 0.02, 0.15])
@pytest.mark.parametrize("years", [1.0, 20.0, 80.0])
def test_nls_equals_the_transform_of_ols(lam, years):
    growth, y0, Z = planted(lam, years, noise=1e-5)
    slope = fit_ols(growth, np.column_stack([np.ones(len(y0)), y0, Z])).beta[1]
    root = 1 + slope * years
    assert root > 0
    fit = fit_speed(growth, y0, years, Z)
    assert fit.converged
    close(fit.lam, speed_from_slope(slope, years), atol=MACHINE / root)
    assert fit.gradient < MACHINE


def test_the_error_of_a_speed_is_that_of_its_slope_and_there_may_be_none():
    growth, y0, Z = planted()
    ols = fit_ols(growth, np.column_stack([np.ones(40), y0, Z]))
    fit = fit_speed(growth, y0, 20, Z)
    slope_error = np.sqrt(cov_hc3(ols)[1, 1])
    close(fit.std_error, slope_error / np.exp(-fit.lam * 20))
    assert fit.df == 36
    y0 = np.linspace(8, 10, 12)
    growth = -0.06 * y0 + 0.001 * np.cos(np.arange(12))
    fit = fit_speed(growth, y0, 20)
    assert np.isnan(fit.lam)
    assert not fit.converged
    refused("collinear", fit_speed, np.arange(5.0), np.ones(5), 20)


def test_a_search_that_runs_out_of_steps_has_not_converged(monkeypatch):
    monkeypatch.setattr(cv, "MAX_STEPS", 1)
    fit = fit_speed(*planted()[:2], 20)
    assert fit.steps == 1
    assert not fit.converged


def test_the_gradient_is_a_size_and_never_negative():
    gradients = []
    for seed in range(30):
        growth, y_start, _ = planted(seed=seed)
        gradients.append(fit_speed(growth, y_start - 20, 20).gradient)
    assert min(gradients) >= 0
