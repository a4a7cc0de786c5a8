"""Tests and probabilities: known identities, size under the null, and what cannot be
compared.
"""

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
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.numerics.spatial_panel.selection import (
    likelihood_ratio,
    mundlak,
    wald_tests,
)
from numerics.refusals import refused
from spatial_cases import NAMES, make_case, ring
from tolerances import MACHINE, close


def test_identities_of_tests_and_probabilities():
    case = make_case()
    for approach in ("direct", "lee_yu"):
        lag, error, robust_lag, robust_error = (
            t.statistic
            for t in lm_tests(
                case.panel,
                case.network,
                "two_way",
                # fmt:
                # skip
                approach,
            )
        )
        close(lag + robust_error, error + robust_lag, MACHINE)
    case = make_case(n=40, t=40, matrix=ring(40), theta=(0.15, -0.1))
    fits = {m: case.fit(m) for m in ("SDM", "SAR", "SEM")}
    to_sar, to_sem = wald_tests(fits["SDM"])
    close(
        to_sar.statistic, likelihood_ratio(fits["SDM"], fits["SAR"]).statistic, rtol=0.1
    )
    close(
        to_sem.statistic,
        likelihood_ratio(fits["SDM"], fits["SEM"]).statistic,
        rtol=0.25,
    )
    assert to_sar.df == to_sem.df == 2
    low, high = sel.information_criteria(fits["SDM"])
    close(low, 12 - 2 * fits["SDM"].log_likelihood)
    close(high, 6 * np.log(39 * 39) - 2 * fits["SDM"].log_likelihood)
    partial = case.fit("SDM", lagged=("a",))
    assert [test.name for test in wald_tests(partial)] == ["Wald SDM -> SAR"]
    refused("start from an SDM", wald_tests, fits["SAR"])
    refused("not nested", likelihood_ratio, fits["SAR"], fits["SDM"])
    case = make_case(n=30, t=30, matrix=ring(30), theta=(0.0, 0.0), rho=0.5)
    far = np.roll(ring(30), 11, axis=1) * (1 - np.eye(30))
    networks = {
        "near": case.network,
        "far": network(case.units, far / far.sum(axis=1, keepdims=True)),
    }
    result = probabilities.model_probabilities(case.panel, networks, PanelModel())
    close(sum(result.values()), 1.0)
    assert result["SAR", "near"] > 0.9
    refused(
        "do not cover SAC",
        probabilities.model_probabilities,
        case.panel,
        networks,
        PanelModel(),
        ("SAC",),
    )


@pytest.mark.parametrize("effects", ["unit", "time", "two_way"])
def test_transformed_tests_equal_those_on_orthonormal_data(effects):
    case = make_case(rho=0.0)
    t, n = case.y.shape
    FT = (
        np.linalg.svd(np.eye(t) - 1 / t)[0][:, : t - 1]
        if effects != "time"
        else np.eye(t)
    )
    FN = (
        np.linalg.svd(np.eye(n) - 1 / n)[0][:, : n - 1]
        if effects != "unit"
        else np.eye(n)
    )
    W = FN.T @ case.matrix @ FN
    y = (FN.T @ case.y.T @ FT).T.ravel()
    X = np.column_stack([(FN.T @ case.X[..., k].T @ FT).T.ravel() for k in range(2)])
    big = np.kron(np.eye(FT.shape[1]), W)
    b = np.linalg.lstsq(X, y)[0]
    e = y - X @ b
    s2 = e @ e / len(e)
    own = FT.shape[1] * np.trace(W)
    trace = FT.shape[1] * np.trace(W.T @ W + W @ W) - 2 * own**2 / len(e)
    mx = big @ X @ b
    info = (mx @ mx - mx @ X @ np.linalg.lstsq(X, mx)[0]) / s2 + trace
    result = {
        test.name: test.statistic
        for test in lm_tests(case.panel, case.network, effects)
    }
    close(result["LM lag"], (e @ big @ y / s2 - own) ** 2 / info, rtol=1e-9)
    close(result["LM error"], (e @ big @ e / s2 - own) ** 2 / trace, rtol=1e-9)


@pytest.mark.parametrize("model", ["SAR", "SEM"])
def test_marginal_likelihood_equals_quadrature(model):
    case = make_case(n=9, t=6, theta=(0.0, 0.0), rho=0.2)
    g = 50.0
    t = 6
    n = 9
    FT, FN = (np.linalg.svd(np.eye(s) - 1 / s)[0][:, : s - 1] for s in (t, n))
    W = FN.T @ case.matrix @ FN
    Y = FN.T @ case.y.T @ FT
    Xs = [FN.T @ case.X[..., k].T @ FT for k in range(2)]

    def log_height(d):
        S = np.eye(n - 1) - d * W
        z = (S @ Y).ravel()
        X = np.column_stack([(S @ x if model == "SEM" else x).ravel() for x in Xs])
        e = z - X @ np.linalg.lstsq(X, z)[0]
        shrunk = (g * e @ e + z @ z) / (1 + g)
        return (
            (t - 1) * np.linalg.slogdet(S)[1]
            - np.log1p(g)
            - z.size / 2 * np.log(shrunk)
        )

    expected = np.log(
        quad(lambda d: np.exp(log_height(d) - log_height(0)) / 2, -0.9999, 0.9999)[0]
    ) + log_height(0)
    result = probabilities.log_marginal_likelihood(
        case.panel, case.network, PanelModel(model), g
    )
    close(result, expected, rtol=1e-6)


def related(seed, model="SDM", n=31, t=12, related=0.0, serial=0.0):
    """A panel with unit effects that go with the first regressor by ``related``, errors
    correlated over years.
    """
    rng = default_rng(seed)
    W = ring(n)
    X = rng.normal(size=(t, n, 2)) + rng.normal(size=(n, 2))
    noise = rng.normal(size=(t, n))
    for s in range(1, t):
        noise[s] = serial * noise[s - 1] + (1 - serial**2) ** 0.5 * noise[s]
    y = (
        X @ [1.0, -0.5]
        + np.einsum("ij,tjk,k->ti", W, X, [0.3, -0.2])
        + rng.normal(size=t)[:, None]
        + noise
    )
    y += rng.normal(size=n) + related * X[..., 0].mean(axis=0)
    units = [f"u{i:02d}" for i in range(n)]
    case = (
        panel_from_arrays(np.linalg.solve(np.eye(n) - 0.4 * W, y.T).T, X, units, NAMES),
        network(units, W),
    )
    return mundlak(*case, PanelModel(model)), case


@pytest.mark.parametrize("model", ["SAR", "SDM"])
def test_mundlak_equals_dense_least_squares_and_a_numerical_hessian(model):
    result, (panel, net) = related(4, model, n=12, t=5)
    n = 12
    t = 5
    W = net.matrix.toarray()
    y = panel.values[..., 0]
    x = panel.values[..., 1:]
    means = np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape)
    parts = [x, np.broadcast_to(np.eye(t)[:, 1:], (n, t, t - 1)), means]
    lagged = (
        [np.einsum("ij,jtk->itk", W, part) for part in (parts[0], parts[2])]
        if model == "SDM"
        else []
    )
    X = np.concatenate([np.ones((n, t, 1)), *parts, *lagged], axis=2).reshape(n * t, -1)
    positions = [1 + 2 + t - 1, 1 + 2 + t] + (
        [X.shape[1] - 2, X.shape[1] - 1] if lagged else []
    )

    def height(v):
        rho = v[0]
        b = v[1:-2]
        phi = v[-2]
        s2 = v[-1]
        e = (y - rho * (W @ y)).ravel() - X @ b
        V = s2 * (np.kron(np.eye(n), np.eye(t) + phi * np.ones((t, t))))
        inside = (
            np.linalg.slogdet(V)[1]
            + e @ np.linalg.solve(V, e)
            + n * t * np.log(2 * np.pi)
        )
        return t * np.linalg.slogdet(np.eye(n) - rho * W)[1] - inside / 2

    def fitted(v):
        shape = np.kron(np.eye(n), np.eye(t) + np.exp(v[1]) * np.ones((t, t)))
        return GLS((y - v[0] * (W @ y)).ravel(), X, sigma=shape).fit()

    def low(v):
        return -fitted(v).llf - t * np.linalg.slogdet(np.eye(n) - v[0] * W)[1]

    best = minimize(
        low, [0.3, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    ).x
    fit = fitted(best)
    top = np.array([best[0], *fit.params, np.exp(best[1]), fit.ssr / (n * t)])
    cov = np.linalg.inv(-approx_hess3(top, height))
    value = top[1:-2][positions]
    inside = cov[1:-2, 1:-2][np.ix_(positions, positions)]
    q = len(positions)
    expected = value @ np.linalg.solve(inside, value) * (n - q - 1) / (n * q)
    assert (result.df, result.statistic) == (q, pytest.approx(expected, rel=2e-3))
    close(result.p_value, f.sf(expected, q, n - q - 1), rtol=5e-3)


def test_mundlak_says_what_it_cannot_test():
    case = make_case(n=12, t=8)
    still = panel_from_arrays(
        case.y, np.broadcast_to(case.X[:1], case.X.shape), case.units, NAMES
    )
    refused(
        "a does not vary over the periods", mundlak, still, case.network, PanelModel()
    )
    small = make_case(n=5, t=8, matrix=ring(5, 1))
    refused(
        "5 units cannot carry 4 means",
        mundlak,
        small.panel,
        small.network,
        PanelModel(),
    )


def test_models_that_differ_by_one_coefficient_are_nested():
    case = make_case(n=20, t=20, matrix=ring(20), theta=(0.15, -0.1))
    wide = PanelModel("SDM", lagged=("a",))
    fits = [
        fit_spatial_panel(case.panel, case.network, model)
        for model in (wide, PanelModel("SAR"))
    ]
    gain = fits[0].log_likelihood - fits[1].log_likelihood
    test = likelihood_ratio(*fits)
    assert test.df == 1
    close(test.statistic, 2 * gain)


def test_only_the_joint_test_of_pooled_errors_has_degrees_of_freedom():
    case = make_case(n=12, t=6)
    tests = bsk_tests(case.panel, case.network)
    assert [test.df for test in tests] == [0, 0, 0, 0, 2]
