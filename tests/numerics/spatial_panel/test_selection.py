"""Tests and probabilities: known identities, size under the null, and what cannot be
compared.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import f
from statsmodels.regression.linear_model import GLS
from statsmodels.tools.numdiff import approx_hess3

from evenfield.numerics.spatial_panel import probabilities
from evenfield.numerics.spatial_panel import selection as sel
from evenfield.numerics.spatial_panel.lm_tests import bsk_tests, lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.selection import likelihood_ratio
from numerics.refusals import refused
from spatial_cases import dense_log_likelihood, log_det, make_case, residual, ring
from tolerances import MACHINE, close


@pytest.mark.parametrize("approach", ["direct", "lee_yu"])
def test_plain_and_robust_tests_add_up_alike(approach):
    case = make_case()
    tests = lm_tests(case.panel, case.network, "two_way", approach)
    lag, error, robust_lag, robust_error = (test.statistic for test in tests)
    close(lag + robust_error, error + robust_lag, MACHINE)


@pytest.fixture(scope="module")
def nested():
    case = make_case(
        n=40,
        t=40,
        matrix=ring(40),
        theta=(0.15, -0.1),
    )
    return case, {model: case.fit(model) for model in ("SDM", "SAR", "SEM")}


def test_wald_tests_are_near_likelihood_ratios(nested):
    _, fits = nested
    to_sar, to_sem = sel.wald_tests(fits["SDM"])
    ratios = [likelihood_ratio(fits["SDM"], fits[m]).statistic for m in ("SAR", "SEM")]
    close(to_sar.statistic, ratios[0], rtol=0.1)
    close(to_sem.statistic, ratios[1], rtol=0.25)
    assert to_sar.df == to_sem.df == 2


def test_information_criteria_count_six_parameters(nested):
    fit = nested[1]["SDM"]
    twice = 2 * fit.log_likelihood
    expected = (12 - twice, 6 * np.log(39 * 39) - twice)
    close(sel.information_criteria(fit), expected)


def test_only_models_that_are_nested_are_compared(nested):
    case, fits = nested
    partial = case.fit("SDM", lagged=("a",))
    assert [test.name for test in sel.wald_tests(partial)] == ["Wald SDM -> SAR"]
    refused("start from an SDM", sel.wald_tests, fits["SAR"])
    refused("not nested", likelihood_ratio, fits["SAR"], fits["SDM"])


def test_models_that_differ_by_one_coefficient_are_nested(nested):
    case, fits = nested
    wide = case.fit("SDM", lagged=("a",))
    test = likelihood_ratio(wide, fits["SAR"])
    assert test.df == 1
    close(test.statistic, 2 * (wide.log_likelihood - fits["SAR"].log_likelihood))


def test_the_true_model_and_weights_have_most_of_the_probability():
    case = make_case(
        n=30,
        t=30,
        matrix=ring(30),
        theta=(0.0, 0.0),
        rho=0.5,
    )
    far = np.roll(ring(30), 11, axis=1) * (1 - np.eye(30))
    far = network(case.units, far / far.sum(axis=1, keepdims=True))
    study = case.panel, {"near": case.network, "far": far}, PanelModel()
    result = probabilities.model_probabilities(*study)
    close(sum(result.values()), 1.0)
    assert result["SAR", "near"] > 0.9
    refused("do not cover SAC", probabilities.model_probabilities, *study, ("SAC",))


@pytest.mark.parametrize("effects", ["unit", "time", "two_way"])
def test_transformed_tests_equal_those_on_orthonormal_data(effects):
    case = make_case(rho=0.0)
    W, Y, Xs = case.orthonormal(effects)
    t = Y.shape[1]
    y = Y.T.ravel()
    X = np.column_stack([x.T.ravel() for x in Xs])
    big = np.kron(np.eye(t), W)
    e = residual(y, X)
    s2 = e @ e / len(e)
    own = t * np.trace(W)
    trace = t * np.trace(W.T @ W + W @ W) - 2 * own**2 / len(e)
    fitted = big @ (y - e)
    info = fitted @ residual(fitted, X) / s2 + trace
    tests = lm_tests(case.panel, case.network, effects)
    result = {test.name: test.statistic for test in tests}
    close(result["LM lag"], (e @ big @ y / s2 - own) ** 2 / info, rtol=1e-9)
    close(result["LM error"], (e @ big @ e / s2 - own) ** 2 / trace, rtol=1e-9)


@pytest.mark.parametrize("model", ["SAR", "SEM"])
def test_marginal_likelihood_equals_quadrature(model):
    case = make_case(
        n=9,
        t=6,
        theta=(0.0, 0.0),
        rho=0.2,
    )
    g = 50.0
    W, Y, Xs = case.orthonormal("two_way")

    def log_density(d):
        S = np.eye(8) - d * W
        z = (S @ Y).ravel()
        columns = [S @ x for x in Xs] if model == "SEM" else Xs
        e = residual(z, np.column_stack([x.ravel() for x in columns]))
        shrunk = (g * e @ e + z @ z) / (1 + g)
        return 5 * log_det(W, d) - np.log1p(g) - z.size / 2 * np.log(shrunk)

    top = log_density(0)
    area = quad(lambda d: np.exp(log_density(d) - top) / 2, -0.9999, 0.9999)[0]
    result = probabilities.log_marginal_likelihood(
        case.panel, case.network, PanelModel(model), g
    )
    close(result, np.log(area) + top, rtol=1e-6)


@pytest.mark.parametrize("model", ["SAR", "SDM"])
def test_mundlak_equals_dense_least_squares_and_a_numerical_hessian(model):
    n = 12
    t = 5
    rng = default_rng(4)
    case = make_case(n, t, seed=4)
    own = case.X[..., 0].mean(axis=0) + rng.normal(size=n)
    case.y[:] += np.linalg.solve(np.eye(n) - 0.4 * case.matrix, own)
    result = sel.mundlak(case.panel, case.network, PanelModel(model))
    W = case.matrix
    y = case.y.T
    x = case.X.transpose(1, 0, 2)
    means = np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape)
    dates = np.broadcast_to(np.eye(t)[:, 1:], (n, t, t - 1))
    parts = [np.ones((n, t, 1)), x, dates, means]
    positions = [t + 2, t + 3]
    if model == "SDM":
        parts += [np.einsum("ij,jtk->itk", W, part) for part in (x, means)]
        positions += [t + 6, t + 7]
    X = np.concatenate(parts, axis=2).reshape(n * t, -1)

    def covariance(phi):
        return np.kron(np.eye(n), np.eye(t) + phi * np.ones((t, t)))

    def log_likelihood(v):
        mean = (X @ v[1:-2]).reshape(n, t).T
        more = {"rho": v[0], "phi": v[-2], "sigma2": v[-1]}
        return dense_log_likelihood(y.T, mean, W, **more)

    def fitted(v):
        sigma = covariance(np.exp(v[1]))
        return GLS((y - v[0] * (W @ y)).ravel(), X, sigma=sigma).fit()

    best = minimize(
        lambda v: -fitted(v).llf - t * log_det(W, v[0]),
        [0.3, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    ).x
    fit = fitted(best)
    top = np.array([best[0], *fit.params, np.exp(best[1]), fit.ssr / (n * t)])
    cov = np.linalg.inv(-approx_hess3(top, log_likelihood))
    value = fit.params[positions]
    inside = cov[1:-2, 1:-2][np.ix_(positions, positions)]
    q = len(positions)
    expected = value @ np.linalg.solve(inside, value) * (n - q - 1) / (n * q)
    assert result.df == q
    close(result.statistic, expected, rtol=2e-3)
    close(result.p_value, f.sf(expected, q, n - q - 1), rtol=5e-3)


def test_mundlak_says_what_it_cannot_test():
    case = make_case(n=12, t=8)
    still = replace(case, X=np.broadcast_to(case.X[:1], case.X.shape))
    small = make_case(n=5, t=8, matrix=ring(5, 1))
    for words, case in (
        ("a does not vary over the periods", still),
        ("5 units cannot carry 4 means", small),
    ):
        refused(words, sel.mundlak, case.panel, case.network, PanelModel())


def test_only_the_joint_test_of_pooled_errors_has_degrees_of_freedom():
    case = make_case(n=12, t=6)
    tests = bsk_tests(case.panel, case.network)
    assert [test.df for test in tests] == [0, 0, 0, 0, 2]
