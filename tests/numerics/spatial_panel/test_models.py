"""Estimators against brute force, other programs and themselves on rearranged data."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import libpysal
import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS
from numpy.random import default_rng
from scipy.optimize import minimize
from spreg import Panel_FE_Error, Panel_FE_Lag
from statsmodels.tools.numdiff import approx_fprime, approx_hess3

from china_design import read_design, weights_of
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    fit_spatial_panel,
    fitted_point,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.two_regime import two_regime_durbin
from golden.anchors import munnell_panel
from numerics.refusals import refused
from spatial_cases import log_det, make_case, residual, ring
from tolerances import ITERATIVE, MACHINE, close

MODELS = ("OLS", "SLX", "SAR", "SEM", "SDM", "SDEM", "SAC")
EFFECTS = ("pooled", "unit", "time", "two_way")


def transformed_log_likelihood(case, model, effects, rho, lam, beta, s2):
    """Lee and Yu's likelihood written out with F_N and F_T and a dense determinant,
    from raw data.
    """
    W, Y, Xs = case.orthonormal(effects)
    if model in ("SLX", "SDM", "SDEM"):
        Xs += [W @ x for x in Xs]
    size, t = Y.shape
    gap = Y - rho * W @ Y - sum(b * x for b, x in zip(beta, Xs, strict=True))
    e = (np.eye(size) - lam * W) @ gap
    logs = t * (log_det(W, rho) + log_det(W, lam))
    logs -= e.size / 2 * np.log(2 * np.pi * s2)
    return logs - (e**2).sum() / (2 * s2)


def split(fit, vector):
    values = dict(zip(fit.names, vector, strict=True))
    rho = values.pop("rho", 0.0)
    lam = values.pop("lambda", 0.0)
    s2 = values.pop("sigma2")
    return rho, lam, np.array(list(values.values())), s2


@pytest.mark.parametrize("effects", ["unit", "time", "two_way"])
@pytest.mark.parametrize("model", MODELS)
def test_transformed_likelihood_equals_the_orthonormal_form_and_its_derivatives(
    model, effects
):
    lam = 0.3 if model in ("SEM", "SDEM", "SAC") else 0.0
    rho = 0.4 if model in ("SAR", "SDM", "SAC") else 0.0
    case = make_case(
        rho=rho,
        lam=lam,
        n=14,
        t=9,
    )
    fit = case.fit(model, effects)
    assert not fit.at_bound

    def log_likelihood(vector):
        return transformed_log_likelihood(case, model, effects, *split(fit, vector))

    close(fit.log_likelihood, log_likelihood(fit.estimates), MACHINE)
    slope = approx_fprime(fit.estimates, log_likelihood, 1e-5, centered=True)
    close(slope, 0.0, atol=2e-5 * fit.observations)
    hessian = approx_hess3(fit.estimates, log_likelihood)
    close(np.linalg.inv(fit.covariance()), -hessian, rtol=5e-3, atol=2.0)


def dense_direct(case, rho, lam, effects):
    """Direct likelihood with dummies, concentrated by least squares on raw data (SAR
    and SEM).
    """
    t, n = case.y.shape
    units = np.kron(np.ones((t, 1)), np.eye(n))
    periods = np.kron(np.eye(t), np.ones((n, 1)))
    dummies = {
        "pooled": np.ones((n * t, 1)),
        "unit": units,
        "time": periods,
        "two_way": np.column_stack([units, periods]),
    }
    S = np.eye(n) - rho * case.matrix
    B = np.eye(n) - lam * case.matrix
    z = (B @ S @ case.y.T).T.ravel()
    Xs = [(B @ case.X[..., k].T).T.ravel() for k in range(2)]
    e = residual(z, np.column_stack([*Xs, dummies[effects]]))
    logs = t * (log_det(case.matrix, rho) + log_det(case.matrix, lam))
    s2 = (e @ e) / (n * t)
    return logs - n * t / 2 * (np.log(2 * np.pi * s2) + 1)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", ["SAR", "SEM"])
@pytest.mark.parametrize("scale", [np.ones(12), np.linspace(0.5, 2, 12)])
def test_direct_approach_equals_dummies_for_every_effect_and_normalisation(
    model, effects, scale
):
    case = make_case(matrix=ring(12) * scale[:, None], rho=0.2)
    fit = case.fit(model, effects, "direct")

    def depth(x):
        rho, lam = (x[0], 0.0) if model == "SAR" else (0.0, x[0])
        return -dense_direct(case, rho, lam, effects)

    start = fit.rho if model == "SAR" else fit.lam
    best = minimize(
        depth,
        [start + 0.05],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11},
    )
    close(start, best.x[0], atol=1e-6)
    close(fit.log_likelihood, -best.fun, rtol=1e-9)


def test_least_squares_with_effects_is_that_of_linearmodels():
    case = make_case()
    t, n = case.y.shape
    index = pd.MultiIndex.from_product([case.units, range(t)])
    values = np.concatenate([case.y[..., None], case.X, case.lagged], axis=2)
    columns = ["y", "a", "b", "W a", "W b"]
    table = pd.DataFrame(values.transpose(1, 0, 2).reshape(n * t, 5), index, columns)
    theirs = PanelOLS(
        table["y"], table[columns[1:]], entity_effects=True, time_effects=True
    ).fit()
    ours = case.fit("SLX")
    close(ours.estimates[:-1], theirs.params)
    factor = ours.observations / (n * t - n - t + 1 - 4)
    close(ours.std_errors()[:-1] * np.sqrt(factor), theirs.std_errors)


def test_units_of_measurement_scale_estimates_and_errors():
    case = make_case()
    fit = case.fit("SDM")
    other = replace(case, X=case.X * np.array([1e7, 1e-6])).fit("SDM")
    factors = np.array([1.0, 1e7, 1e-6, 1e7, 1e-6, 1.0])
    close(other.estimates * factors, fit.estimates)
    close(other.std_errors() * factors, fit.std_errors())


def test_some_regressors_may_be_lagged():
    fit = make_case().fit("SDM", lagged=("b",))
    assert fit.names == ("rho", "a", "b", "W b", "sigma2")
    assert make_case(n=14).network.logdet.domain[1] == 1.0


@pytest.mark.parametrize("durbin", [False, True])
def test_coefficients_equal_spreg(durbin):
    panel, net = munnell_panel()
    values = panel.ordered(net.units)
    y = values[..., 0].T.reshape(-1, 1)
    X = values[..., 1:].transpose(1, 0, 2).reshape(-1, 4)
    if durbin:
        near = net.lag(values[..., 1:]).transpose(1, 0, 2).reshape(-1, 4)
        X = np.column_stack([X, near])
    w = libpysal.weights.full2W(net.matrix.toarray())
    w.transform = "r"
    for theirs, model, names in (
        (Panel_FE_Lag, "SDM" if durbin else "SAR", ("rho",)),
        (Panel_FE_Error, "SDEM" if durbin else "SEM", ("lambda",)),
    ):
        fit = fit_spatial_panel(panel, net, PanelModel(model, "unit", "direct"))
        result = theirs(y, X, w).betas.ravel()
        ours = np.array([*fit.estimates[1:-1], fit[names[0]]])
        close(ours, result, rtol=1e-4, atol=ITERATIVE)


def test_what_cannot_be_estimated_is_said():
    case = make_case(n=8, t=5)
    units, W = case.units, case.matrix

    def refused_fit(words, changed=case, model="SAR", **options):
        refused(words, changed.fit, model, **options)

    refused_fit("unknown model", model="GNS")
    refused_fit("effects must be", effects="both")
    refused_fit("not a regressor", model="SDM", lagged=("c",))
    refused_fit("only for row-standardised", replace(case, matrix=W * 2))
    flat = case.X.copy()
    flat[..., 1] = np.arange(8)
    refused_fit("not vary", replace(case, X=flat))
    refused_fit("collinear", replace(case, X=np.repeat(case.X[..., :1], 2, axis=2)))
    refused_fit("exactly", replace(case, y=case.X @ [1.0, 2.0]), "OLS")
    refused("unknown covariance", case.fit("SAR").covariance, "hessian")
    wide = np.pad(W, (0, 1)) + np.eye(9, k=1) + np.eye(9, k=-8)
    for words, net in (
        ("first u07", network([*units[:7], "x"], W)),
        ("first x", network([*units, "x"], wide)),
    ):
        refused(words, fit_spatial_panel, case.panel, net, PanelModel("SAR"))


def dense(case, model, d, phi):
    """Concentrated likelihood from the (NT x NT) covariance, constant included."""
    t, n = case.y.shape
    S = np.eye(n) - d * case.matrix
    lag = model in ("SAR", "SDM")
    values = [case.X, case.lagged] if model in ("SDM", "SDEM") else [case.X]
    X = np.concatenate([np.ones((t, n, 1)), *values], axis=2).reshape(n * t, -1)
    y = (case.y @ S.T if lag else case.y).ravel()
    shock = np.eye(n) if lag else np.linalg.inv(S.T @ S)
    common = np.kron(np.ones((t, t)), phi * np.eye(n))
    root = np.linalg.cholesky(common + np.kron(np.eye(t), shock))
    z = np.linalg.solve(root, y)
    Z = np.linalg.solve(root, X)
    b = np.linalg.lstsq(Z, z)[0]
    e = z - Z @ b
    logs = t * log_det(case.matrix, d) if lag else 0.0
    logs -= np.log(np.diag(root)).sum()
    s2 = (e @ e) / (n * t)
    return logs - n * t / 2 * (np.log(2 * np.pi * s2) + 1), b[1:]


@pytest.mark.parametrize("model", ["SAR", "SDM", "SEM", "SDEM"])
def test_fit_equals_a_dense_likelihood_and_its_maximum(model):
    lag = model in ("SAR", "SDM")
    rho = 0.3 if lag else 0.0
    case = make_case(
        n=9,
        t=5,
        rho=rho,
        lam=0.3 - rho,
        seed=5,
    )
    own = default_rng(2).normal(size=9)
    case.y[:] += np.linalg.solve(np.eye(9) - rho * case.matrix, own)
    fit = fit_random_effects(case.panel, case.network, PanelModel(model))
    d = fit.estimates[0]
    phi = fit["phi"]
    log_likelihood, slopes = dense(case, model, d, phi)
    close(fit.log_likelihood, log_likelihood, rtol=1e-9)
    close(fit.estimates[1:-2], slopes, rtol=1e-7)
    best = minimize(
        lambda x: -dense(case, model, x[0], np.exp(x[1]))[0],
        [d + 0.02, np.log(phi) - 0.1],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11},
    )
    close([d, np.log(phi)], best.x, atol=2e-5)
    assert not fit.at_bound


def test_no_unit_effects_end_at_the_bound():
    case = make_case(n=9, t=6)
    noise = default_rng(0).normal(size=(6, 9))
    y = case.X @ [1.0, 1.0] + noise - noise.mean(axis=0)
    panel = replace(case, y=y).panel
    fit = fit_random_effects(panel, case.network, PanelModel("SAR"))
    assert fit.at_bound
    assert fit["phi"] < 1e-5
    refused("edge of its range", fit.covariance)
    refused("observed information only", fit.covariance, "qml")


def test_random_effects_refuse_other_models_and_weights():
    case = make_case()
    double = replace(case, matrix=2 * case.matrix).network
    for words, net, model in (
        ("no random-effects form", case.network, "SAC"),
        ("row-standardised", double, "SEM"),
    ):
        refused(words, fit_random_effects, case.panel, net, PanelModel(model))


UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
INSIDE = W @ C > 0


def two_regimes(seed, one, two):
    rng = default_rng(seed)
    x = rng.normal(size=31)
    X = np.column_stack([np.ones(31), x, W @ x])
    y = X @ [1.0, 2.0, -0.5] + rng.normal(size=31)
    return np.linalg.solve(np.eye(31) - np.where(INSIDE, one, two)[:, None] * W, y), X


def test_optimum_of_two_regimes_beats_brute_force():
    y, X = two_regimes(1, 0.5, -0.2)
    fit = two_regime_durbin(y, X, W, INSIDE)

    def log_likelihood(one, two):
        multiplier = np.where(INSIDE, one, two)[:, None] * W
        e = residual(y - multiplier @ y, X)
        return float(log_det(multiplier, 1.0) - 31 / 2 * np.log(e @ e / 31))

    best = log_likelihood(fit.rho_inside, fit.rho_outside)
    grid = np.linspace(-0.98, 0.98, 41)
    assert best >= max(log_likelihood(a, b) for a, b in product(grid, grid)) - 1e-9
    near = np.linspace(fit.rho - 0.05, fit.rho + 0.05, 41)
    common = max(log_likelihood(a, a) for a in near)
    close(fit.likelihood_ratio, 2 * (best - common), atol=1e-4)


def test_two_regimes_climb_as_high_as_a_general_program_at_the_edge_too():
    edges = 0
    for seed in range(6):
        y, X = two_regimes(seed, 0.95, -0.5)
        fit = two_regime_durbin(y, X, W, INSIDE)
        edges += fit.at_bound

        def depth(pulls, y=y, X=X):
            multiplier = np.where(INSIDE, pulls[0], pulls[-1])[:, None] * W
            e = residual(y - multiplier @ y, X)
            return float(31 / 2 * np.log(e @ e / 31) - log_det(multiplier, 1.0))

        bounds = [(-0.99, 0.99)]
        starts = (-0.6, -0.3, 0.0, 0.3, 0.6)
        free = min(
            minimize(depth, pair, bounds=2 * bounds, tol=1e-14).fun
            for pair in product(starts, starts)
        )
        common = min(minimize(depth, [r], bounds=bounds, tol=1e-14).fun for r in starts)
        close(fit.likelihood_ratio, 2 * (common - free), atol=1e-6)
    assert 0 < edges < 6


def test_two_regimes_do_not_depend_on_order_or_on_which_is_inside():
    y, X = two_regimes(3, 0.3, 0.3)
    fit = two_regime_durbin(y, X, W, INSIDE)
    swapped = two_regime_durbin(y, X, W, ~INSIDE)
    order = default_rng(4).permutation(31)
    moved = two_regime_durbin(
        y[order], X[order], W[np.ix_(order, order)], INSIDE[order]
    )
    close(moved.rho_inside, fit.rho_inside, atol=1e-7)
    close(swapped.rho_outside, fit.rho_inside, atol=1e-7)
    close(swapped.p_value, fit.p_value, atol=1e-6)


def test_two_regimes_need_both_and_regressors_of_their_own():
    y, X = two_regimes(5, 0.0, 0.0)
    refused("inside and outside", two_regime_durbin, y, X, W, np.ones(31, dtype=bool))
    refused("collinear", two_regime_durbin, y, X[:, [0, 1, 1]], W, INSIDE)
    # A label that no unit has.
    refused("collinear", two_regime_durbin, y, X * [1.0, 1.0, 0.0], W, INSIDE)


@pytest.mark.parametrize("sign", [1, -1])
def test_random_effects_refuse_an_exact_fit_whatever_its_sign(sign):
    case = make_case(n=8, t=6)
    exact = replace(case, y=sign * case.X[:, :, 0])
    model = PanelModel("SAR")
    refused("exactly", fit_random_effects, exact.panel, exact.network, model)


def test_one_exact_fit_among_several_is_refused():
    sse = np.array([1.0, 0.0])
    moments = SimpleNamespace(
        least_squares=lambda rho, lam: (np.ones((2, 1)), sse), gram=np.ones((2, 1, 1))
    )
    best = SimpleNamespace(rho=np.zeros(2), lam=np.zeros(2))
    refused("exactly", fitted_point, best, moments, None, None, None, "two_way")
