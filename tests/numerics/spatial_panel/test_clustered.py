"""The sandwich by unit: closed form without spatial terms, the variance it estimates,
no dependence on order.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.special import fdtrc, stdtrit

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import clustered_impacts, effect_errors
from evenfield.numerics.spatial_panel.models import PanelModel, refitted
from evenfield.numerics.spatial_panel.selection import residual_moran, wald_tests
from numerics.refusals import refused
from spatial_cases import make_case, ring
from tolerances import close

CASE = make_case(n=14, t=10, matrix=ring(14))


def within(values):
    """Remove unit and period means of (T, N, K)."""
    means = values.mean(axis=0, keepdims=True) + values.mean(axis=1, keepdims=True)
    return values - means + values.mean(axis=(0, 1), keepdims=True)


def test_covariance_without_spatial_terms_is_that_of_least_squares():
    fit = CASE.fit("SLX")
    X = within(np.concatenate([CASE.X, CASE.lagged], axis=2))
    e = within(CASE.y[..., None])[..., 0] - X @ fit.estimates[:-1]
    bread = np.linalg.inv(np.einsum("tik,til->kl", X, X))
    scores = np.einsum("tik,ti->ik", X, e)
    expected = 14 / 13 * bread @ scores.T @ scores @ bread
    close(fit.covariance("unit")[:-1, :-1], expected, rtol=1e-9)


def test_covariance_with_a_spatial_lag_is_the_formula_written_out():
    fit = CASE.fit("SAR")
    n = 14
    s2 = fit.sigma2
    e = fit.residuals.T
    J = np.eye(n) - 1 / n
    gain = np.linalg.solve(np.eye(n) - fit.rho * CASE.matrix, CASE.matrix)
    signal = np.einsum("ij,tjk,k->ti", gain, CASE.X, fit.estimates[1:3])[..., None]
    linear = within(np.concatenate([signal, CASE.X], axis=2)).transpose(1, 0, 2) / s2
    none = np.zeros((n, n))
    forms = np.array([J @ gain @ J / s2, none, none, np.eye(n) / (2 * s2**2)])
    products = e @ e.T
    level = np.diag(products).mean()
    V = np.zeros((4, 4))
    for i in range(n):
        own = np.array([*(linear[i].T @ e[i]), 0.0])
        own += forms[:, i, i] * (products[i, i] - level)
        V += np.outer(own, own)
        for j in range(i):
            pair = (forms[:, i, j] + forms[:, j, i]) * products[i, j]
            V += np.outer(pair, pair)
    bread = fit.covariance("observed")
    close(fit.covariance("unit"), 14 / 13 * bread @ V @ bread, rtol=1e-6)


def test_a_regressor_of_one_unit_has_one_effective_unit():
    X = CASE.X * np.where(np.arange(14) == 4, 20.0, 1.0)[None, :, None]
    fit = replace(CASE, X=0.01 * X).fit("SAR")
    assert fit.effective_units(np.eye(4)[1]) < 1.5
    assert fit.effective_units(np.eye(4)[0]) > 8
    b = np.eye(4)[1]
    assert 8 < CASE.fit("SLX", lagged=("a",)).effective_units(b) <= 14
    uneven = replace(CASE, X=X).fit("SLX", lagged=("a",))
    assert 1 <= uneven.effective_units(b) < 1.5


def test_intervals_of_effects_are_those_of_t_with_effective_units():
    result = clustered_impacts(CASE.fit("SDM"), 0.9)
    few = result._replace(effective_units=np.array([1.2, 14.0]))
    assert few.df.tolist() == [1.0, 13.0]
    half = stdtrit(result.effective_units - 1, 0.95) * result.impacts.std_error
    close(result.impacts.conf_high - result.impacts.estimate, half)
    assert (result.effective_units > 1).all()
    assert (result.effective_units <= 14).all()


def test_effects_that_are_zero_by_form_have_no_test():
    impacts = clustered_impacts(CASE.fit("SEM")).impacts
    assert not impacts.std_error[1].any()
    assert np.isnan(impacts.p_value[1]).all()


def test_wald_test_by_unit_is_an_f_test():
    fit = CASE.fit("SDM")
    theta = fit.estimates[3:5]
    cov = fit.covariance("unit")[3:5, 3:5]
    result = wald_tests(fit, "unit")[0]
    close(result.statistic, theta @ np.linalg.solve(cov, theta) / 2)
    close(result.p_value, fdtrc(2, 13, result.statistic))
    assert result.name == "Wald SDM -> SAR, by unit"


def test_bootstrap_by_unit_moves_every_coefficient():
    fit = CASE.fit("SDM")
    first = unit_bootstrap(CASE.panel, fit, generator_for(5, "x"), 29)
    assert (first.coefficients.std(axis=0) > 0.1).all()
    assert first.coefficients.shape == (29, 5)
    assert first.effects.shape == (29, 3, 2)
    assert not first.dropped


def test_moran_of_residuals_by_hand_finds_what_the_model_leaves_out():
    plain = CASE.fit("OLS")
    value, p_value = residual_moran(plain, generator_for(1, "m"), 499)
    e = plain.residuals
    close(value, np.einsum("ti,ij,tj->", e, CASE.matrix, e) / (e**2).sum())
    assert p_value < 0.05
    assert residual_moran(CASE.fit("SDM"), generator_for(1, "m"), 499)[1] > 0.05


def test_common_factors_are_taken_out():
    case = make_case(
        n=30,
        t=40,
        rho=0.0,
        theta=(0.0, 0.0),
        matrix=ring(30),
    )
    paths = default_rng(9).normal(size=(40, 1))
    loadings = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(30) / 30)
    moved = replace(case, y=case.y + 3.0 * paths * loadings)
    result = fit_with_factors(moved.panel, case.network, PanelModel("SDM"), 1)
    assert result.converged
    assert result.before.rho > 0.5
    assert abs(result.after.rho) < 0.15
    assert result.after.log_likelihood > result.before.log_likelihood
    close([result.after["a"], result.after["b"]], [1.0, -0.5], atol=0.06)
    assert np.isfinite(result.after.std_errors()).all()
    model = PanelModel("SAR")
    refused("0 factors", fit_with_factors, case.panel, case.network, model, 0)


def test_the_sandwich_widens_the_error_of_the_variance_alone_under_fat_tails():
    case = make_case(n=15, t=40, matrix=ring(15))
    signal = case.X @ [1.0, -0.5] + default_rng(1).standard_t(5, (40, 15))
    y = np.linalg.solve(np.eye(15) - 0.4 * case.matrix, signal.T).T
    fit = replace(case, y=y).fit("SAR")
    ratio = fit.std_errors("qml") / fit.std_errors("expected")
    assert ratio[-1] > 1.2
    assert np.abs(ratio[:-1] - 1).max() < 0.05
    normal = case.fit("SDM")
    close(normal.std_errors("qml"), normal.std_errors("expected"), rtol=0.15)


@pytest.mark.parametrize(
    ("model", "n"),
    [(m, 14) for m in "SLX SAR SEM SDM SDEM SAC".split()] + [("SDM", 101)],
)
def test_samples_fitted_together_are_the_fits_of_each(model, n):
    case = make_case(n=n, t=10, matrix=ring(n))
    edge = np.linalg.solve(np.eye(n) - 0.9999 * case.matrix, case.y.T).T
    samples = np.stack([case.y, case.y[::-1], edge])
    fit = case.fit(model)
    again, bound = refitted(fit, samples.transpose(2, 1, 0))
    alone = [replace(case, y=y).fit(model) for y in samples]
    close(again.estimates, [one.estimates for one in alone], rtol=1e-6, atol=1e-8)
    assert bound.tolist() == [one.at_bound for one in alone]
    inside, _ = refitted(fit, samples[~bound].transpose(2, 1, 0))
    errors = [effect_errors(one, "unit") for one in alone if not one.at_bound]
    close(effect_errors(inside, "unit"), errors, rtol=1e-6)
