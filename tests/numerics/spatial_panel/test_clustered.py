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
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    fit_spatial_panel,
    refitted,
)
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.numerics.spatial_panel.selection import residual_moran, wald_tests
from numerics.refusals import refused
from spatial_cases import NAMES, make_case, ring
from tolerances import close

CASE = make_case(n=14, t=10, matrix=ring(14))


def within(values):
    """Remove unit and period means of (T, N, K)."""
    means = values.mean(axis=0, keepdims=True) + values.mean(axis=1, keepdims=True)
    return values - means + values.mean(axis=(0, 1), keepdims=True)


def test_covariance_is_the_formula_written_out():
    fit = CASE.fit("SLX")
    X = within(
        np.concatenate([CASE.X, np.einsum("ij,tjk->tik", CASE.matrix, CASE.X)], axis=2)
    )
    e = within(CASE.y[..., None])[..., 0] - X @ fit.estimates[:-1]
    bread = np.linalg.inv(np.einsum("tik,til->kl", X, X))
    scores = np.einsum("tik,ti->ik", X, e)
    expected = 14 / 13 * bread @ scores.T @ scores @ bread
    close(fit.covariance("unit")[:-1, :-1], expected, rtol=1e-9)
    fit = CASE.fit("SAR")
    n = 14
    s2 = fit.sigma2
    e = fit.residuals.T
    J = np.eye(n) - 1 / n
    gain = np.linalg.solve(np.eye(n) - fit.rho * CASE.matrix, CASE.matrix)
    X, standard_deviation = (
        within(CASE.X),
        within(np.einsum("ij,tjk,k->ti", gain, CASE.X, fit.estimates[1:3])[..., None]),
    )
    linear = np.concatenate([standard_deviation, X], axis=2).transpose(1, 0, 2) / s2
    forms = [
        J @ gain @ J / s2,
        np.zeros((n, n)),
        np.zeros((n, n)),
        np.eye(n) / (2 * s2**2),
    ]
    products = e @ e.T
    level = np.diag(products).mean()
    V = np.zeros((4, 4))
    for i in range(n):
        own = np.array([*(linear[i].T @ e[i]), 0.0])
        own += [A[i, i] * (products[i, i] - level) for A in forms]
        V += np.outer(own, own)
        for j in range(i):
            pair = np.array([(A[i, j] + A[j, i]) * products[i, j] for A in forms])
            V += np.outer(pair, pair)
    bread = fit.covariance("observed")
    close(fit.covariance("unit"), 14 / 13 * bread @ V @ bread, rtol=1e-6)


def test_score_of_rho_has_the_variance_of_its_quadratic_form_under_any_correlation_over_years():
    """Var of e'(A x I)e for errors that are independent between units: 1/2 sum (a_ij +
    a_ji)^2 tr(S S), i /= j.
    """
    rng = default_rng(8)
    n = 14
    t = 6
    rotation = np.linalg.cholesky(
        0.8 ** np.abs(np.subtract.outer(np.arange(t), np.arange(t)))
    )
    A = np.linalg.solve(np.eye(n) - 0.4 * ring(n), ring(n))
    A -= np.diag(np.diag(A))
    e = rng.normal(size=(20_000, n, t)) @ rotation.T
    products = np.einsum("dit,djt->dij", e, e)
    forms = np.einsum("ij,dij->d", A, products)
    estimates = 0.5 * np.einsum("ij,dij->d", (A + A.T) ** 2, products**2)
    close(forms.var(), estimates.mean(), rtol=0.03)


def test_effective_units_intervals_and_wald_tests_by_unit():
    X = CASE.X * np.where(np.arange(14) == 4, 20.0, 1.0)[None, :, None]
    fit = replace(CASE, X=0.01 * X).fit("SAR")
    assert fit.effective_units(np.eye(4)[1]) < 1.5
    assert fit.effective_units(np.eye(4)[0]) > 8
    even = CASE.fit("SLX", lagged=("a",))
    uneven = replace(CASE, X=X).fit("SLX", lagged=("a",))
    b = np.eye(4)[1]
    assert 8 < even.effective_units(b) <= 14
    assert 1 <= uneven.effective_units(b) < 1.5
    result = clustered_impacts(CASE.fit("SDM"), 0.9)
    assert result._replace(effective_units=np.array([1.2, 14.0])).df.tolist() == [
        1.0,
        13.0,
    ]
    half = stdtrit(result.effective_units - 1, 0.95) * result.impacts.std_error
    close(result.impacts.conf_high - result.impacts.estimate, half)
    assert (result.effective_units > 1).all()
    assert (result.effective_units <= 14).all()
    result = clustered_impacts(CASE.fit("SEM")).impacts
    assert not result.std_error[1].any()
    assert np.isnan(result.p_value[1]).all()
    one = panel_from_arrays(CASE.y, CASE.X[..., :1], CASE.units, ["a"])
    fit = fit_spatial_panel(one, CASE.network, PanelModel("SDM"))
    at = fit.names.index("W a")
    close(
        wald_tests(fit, "unit")[0].statistic,
        (fit["W a"] / fit.std_errors("unit")[at]) ** 2,
    )
    assert wald_tests(fit, "unit")[0].name == "Wald SDM -> SAR, by unit"
    fit = CASE.fit("SDM")
    theta = fit.estimates[3:5]
    cov = fit.covariance("unit")[3:5, 3:5]
    result = wald_tests(fit, "unit")[0]
    close(result.statistic, theta @ np.linalg.solve(cov, theta) / 2)
    close(result.p_value, fdtrc(2, 13, result.statistic))


def test_bootstrap_by_unit_and_moran_of_residuals():
    fit = CASE.fit("SDM")
    first = unit_bootstrap(CASE.panel, fit, generator_for(5, "x"), 29)
    assert (first.coefficients.std(axis=0) > 0.1).all()
    assert first.coefficients.shape == (29, 5)
    assert first.effects.shape == (29, 3, 2)
    assert not first.dropped
    plain = CASE.fit("OLS")
    value, p_value = residual_moran(plain, generator_for(1, "m"), 499)
    e = plain.residuals
    close(value, np.einsum("ti,ij,tj->", e, CASE.matrix, e) / (e**2).sum())
    assert p_value < 0.05
    assert residual_moran(fit, generator_for(1, "m"), 499)[1] > 0.05


def with_factor(case, strength):
    rng = default_rng(9)
    n = len(case.units)
    paths = rng.normal(size=(case.y.shape[0], 1))
    loadings = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(n) / n)[None, :]
    return panel_from_arrays(
        case.y + strength * paths * loadings, case.X, case.units, NAMES
    )


def test_common_factors_and_the_sandwich():
    case = make_case(n=30, t=40, rho=0.0, theta=(0.0, 0.0), matrix=ring(30))
    result = fit_with_factors(
        with_factor(case, 3.0), case.network, PanelModel("SDM"), 1
    )
    assert result.converged
    assert result.before.rho > 0.5
    assert abs(result.after.rho) < 0.15
    assert result.after.log_likelihood > result.before.log_likelihood
    close([result.after["a"], result.after["b"]], [1.0, -0.5], atol=0.06)
    assert np.isfinite(result.after.std_errors()).all()
    refused(
        "0 factors", fit_with_factors, case.panel, case.network, PanelModel("SAR"), 0
    )
    rng = default_rng(1)
    case = make_case(n=15, t=40, matrix=ring(15))
    fat = np.linalg.solve(
        np.eye(15) - 0.4 * case.matrix,
        (case.X @ [1.0, -0.5] + rng.standard_t(5, (40, 15))).T,
    ).T
    fit = replace(case, y=fat).fit("SAR")
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
    model = PanelModel(model)
    edge = np.linalg.solve(np.eye(n) - 0.9999 * case.matrix, case.y.T).T
    samples = np.stack([case.y, case.y[::-1], edge])
    fit = fit_spatial_panel(case.panel, case.network, model)
    again, bound = refitted(fit, samples.transpose(2, 1, 0))
    alone = [
        fit_spatial_panel(
            panel_from_arrays(y, case.X, case.units, NAMES), case.network, model
        )
        for y in samples
    ]
    close(again.estimates, [one.estimates for one in alone], rtol=1e-6, atol=1e-8)
    assert bound.tolist() == [one.at_bound for one in alone]
    inside, _ = refitted(fit, samples[~bound].transpose(2, 1, 0))
    errors = [effect_errors(one, "unit") for one in alone if not one.at_bound]
    close(effect_errors(inside, "unit"), errors, rtol=1e-6)
