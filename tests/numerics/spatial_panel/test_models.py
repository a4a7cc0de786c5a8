"""Estimators against brute force, other programs and themselves on rearranged data."""

from dataclasses import replace
from types import SimpleNamespace

import libpysal
import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS
from numpy.random import default_rng
from scipy.optimize import approx_fprime, minimize
from spreg import Panel_FE_Error, Panel_FE_Lag

from china_design import read_design, weights_of
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    fit_spatial_panel,
    fitted_point,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.two_regime import two_regime_durbin
from golden.anchors import munnell_panel
from numerics.refusals import refused
from spatial_cases import NAMES, make_case
from tolerances import ITERATIVE, MACHINE, close

MODELS = ("OLS", "SLX", "SAR", "SEM", "SDM", "SDEM", "SAC")
EFFECTS = ("pooled", "unit", "time", "two_way")


def complement(size):
    """Orthonormal vectors beside the constant one, shape (size, size - 1)."""
    return np.linalg.svd(np.eye(size) - 1.0 / size)[0][:, : size - 1]


def transformed_log_likelihood(case, model, effects, rho, lam, beta, s2):
    """Lee and Yu's likelihood written out with F_N and F_T and a dense determinant,
    from raw data.
    """
    t, n = case.y.shape
    FT = complement(t) if effects in ("unit", "two_way") else np.eye(t)
    FN = complement(n) if effects in ("time", "two_way") else np.eye(n)
    W = FN.T @ case.matrix @ FN
    Y = FN.T @ case.y.T @ FT
    Xs = [FN.T @ case.X[..., k].T @ FT for k in range(2)]
    Xs += [W @ x for x in Xs] if model in ("SLX", "SDM", "SDEM") else []
    size = len(W)
    S = np.eye(size) - rho * W
    B = np.eye(size) - lam * W
    e = B @ (S @ Y - sum(b * x for b, x in zip(beta, Xs, strict=True)))
    logs = FT.shape[1] * (np.linalg.slogdet(S)[1] + np.linalg.slogdet(B)[1])
    return logs - e.size / 2 * np.log(2 * np.pi * s2) - (e**2).sum() / (2 * s2)


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
    case = make_case(
        rho=0.4 if model in ("SAR", "SDM", "SAC") else 0.0, lam=lam, n=14, t=9
    )
    fit = case.fit(model, effects)
    assert not fit.at_bound

    def height(vector):
        return transformed_log_likelihood(case, model, effects, *split(fit, vector))

    close(fit.log_likelihood, height(fit.estimates), MACHINE)
    step = 1e-5
    slope = np.array(
        [
            (height(fit.estimates + d) - height(fit.estimates - d)) / (2 * step)
            for d in step * np.eye(len(fit.names))
        ]
    )
    close(slope, 0.0, atol=2e-5 * fit.observations)
    hessian = np.array(
        [
            approx_fprime(
                fit.estimates,
                lambda v, d=d: (height(v + d) - height(v - d)) / 2e-4,
                1e-4,
            )
            for d in 1e-4 * np.eye(len(fit.names))
        ]
    )
    close(
        np.linalg.inv(fit.covariance()), -(hessian + hessian.T) / 2, rtol=5e-3, atol=2.0
    )


def dense_direct(case, rho, lam, effects):
    """Direct likelihood with dummies, concentrated by least squares on raw data (SAR
    and SEM).
    """
    t, n = case.y.shape
    dummies = {
        "pooled": np.ones((n * t, 1)),
        "unit": np.kron(np.ones((t, 1)), np.eye(n)),
        "time": np.kron(np.eye(t), np.ones((n, 1))),
    }
    D = (
        np.column_stack([dummies["unit"], dummies["time"]])
        if effects == "two_way"
        else dummies[effects]
    )
    S = np.eye(n) - rho * case.matrix
    B = np.eye(n) - lam * case.matrix
    z = (B @ S @ case.y.T).T.ravel()
    X = np.column_stack([(B @ case.X[..., k].T).T.ravel() for k in range(2)] + [D])
    e = z - X @ np.linalg.lstsq(X, z)[0]
    logs = t * (np.linalg.slogdet(S)[1] + np.linalg.slogdet(B)[1])
    return logs - n * t / 2 * (np.log(2 * np.pi * (e @ e) / (n * t)) + 1)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", ["SAR", "SEM"])
def test_direct_approach_equals_dummies_for_every_effect_and_normalisation(
    model, effects
):
    base = make_case()
    for matrix in (base.matrix, base.matrix * np.linspace(0.5, 2, 12)[:, None]):
        case = make_case(matrix=matrix, rho=0.2)
        fit = case.fit(model, effects, "direct")

        def depth(x, case=case):
            return -dense_direct(
                case, *((x[0], 0.0) if model == "SAR" else (0.0, x[0])), effects
            )

        start = fit.rho if model == "SAR" else fit.lam
        best = minimize(
            depth,
            [start + 0.05],
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11},
        )
        close(start, best.x[0], atol=1e-6)
        close(fit.log_likelihood, -best.fun, rtol=1e-9)


def test_least_squares_with_effects_and_units_of_measurement():
    case = make_case()
    t, n = case.y.shape
    index = pd.MultiIndex.from_product([case.units, range(t)])
    lagged = np.einsum("ij,tjk->tik", case.matrix, case.X)
    table = pd.DataFrame(
        {
            name: values.T.ravel()
            for name, values in [
                ("y", case.y),
                ("a", case.X[..., 0]),
                ("b", case.X[..., 1]),
                ("W a", lagged[..., 0]),
                ("W b", lagged[..., 1]),
            ]
        },
        index=index,
    )
    theirs = PanelOLS(
        table["y"], table.drop(columns="y"), entity_effects=True, time_effects=True
    ).fit()
    ours = case.fit("SLX")
    close(ours.estimates[:-1], theirs.params[["a", "b", "W a", "W b"]])
    sar = case.fit("SDM")
    factor = ours.observations / (n * t - n - t + 1 - 4)
    close(ours.std_errors()[:-1] * np.sqrt(factor), theirs.std_errors)
    scaled = panel_from_arrays(
        case.y, case.X * np.array([1e7, 1e-6]), case.units, NAMES
    )
    other = fit_spatial_panel(scaled, case.network, PanelModel("SDM"))
    factors = np.array([1.0, 1e7, 1e-6, 1e7, 1e-6, 1.0])
    close(other.estimates * factors, sar.estimates)
    close(other.std_errors() * factors, sar.std_errors())
    fit = case.fit("SDM", lagged=("b",))
    assert fit.names == ("rho", "a", "b", "W b", "sigma2")
    assert make_case(n=14).network.logdet.domain[1] == 1.0


@pytest.mark.parametrize("durbin", [False, True])
def test_coefficients_equal_spreg(durbin):
    panel, net = munnell_panel()
    values = panel.ordered(net.units)
    y = values[..., 0].T.reshape(-1, 1)
    X = values[..., 1:].transpose(1, 0, 2).reshape(-1, 4)
    if durbin:
        X = np.column_stack(
            [X, net.lag(values[..., 1:]).transpose(1, 0, 2).reshape(-1, 4)]
        )
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
    panel = case.panel
    net = case.network

    def said(words, panel=panel, net=net, **changes):
        refused(
            words,
            fit_spatial_panel,
            panel,
            net,
            PanelModel(**{"model": "SAR", **changes}),
        )

    said("unknown model", model="GNS")
    said("effects must be", effects="both")
    said("not a regressor", model="SDM", lagged=("c",))
    said("only for row-standardised", net=network(case.units, case.matrix * 2))
    said("first u07", net=network([*case.units[:7], "x"], case.matrix))
    said(
        "first x",
        net=network(
            [*case.units, "x"],
            np.pad(case.matrix, (0, 1)) + np.eye(9, k=1) + np.eye(9, k=-8),
        ),
    )
    flat = case.X.copy()
    flat[..., 1] = np.arange(8)
    said("not vary", panel=panel_from_arrays(case.y, flat, case.units, NAMES))
    flat[..., 1] = 2 * flat[..., 0]
    said("collinear", panel=panel_from_arrays(case.y, flat, case.units, NAMES))
    said(
        "exactly",
        panel=panel_from_arrays(case.X @ [1.0, 2.0], case.X, case.units, NAMES),
        model="OLS",
    )
    refused(
        "unknown covariance",
        fit_spatial_panel(panel, net, PanelModel("SAR")).covariance,
        "hessian",
    )


def dense(case, model, d, phi):
    """Concentrated likelihood from the (NT x NT) covariance, constant included."""
    t, n = case.y.shape
    S = np.eye(n) - d * case.matrix
    lag = model in ("SAR", "SDM")
    Xs = [case.X[..., k] for k in range(2)]
    Xs += [x @ case.matrix.T for x in Xs] if model in ("SDM", "SDEM") else []
    X = np.column_stack([np.ones(n * t), *(x.ravel() for x in Xs)])
    y = (case.y @ S.T if lag else case.y).ravel()
    shock = np.eye(n) if lag else np.linalg.inv(S.T @ S)
    root = np.linalg.cholesky(
        np.kron(np.ones((t, t)), phi * np.eye(n)) + np.kron(np.eye(t), shock)
    )
    z = np.linalg.solve(root, y)
    Z = np.linalg.solve(root, X)
    b = np.linalg.lstsq(Z, z)[0]
    e = z - Z @ b
    logs = t * np.linalg.slogdet(S)[1] if lag else 0.0
    return (
        logs
        - np.log(np.diag(root)).sum()
        - n * t / 2 * (np.log(2 * np.pi * (e @ e) / (n * t)) + 1)
    ), b[1:]


@pytest.mark.parametrize("model", ["SAR", "SDM", "SEM", "SDEM"])
def test_fit_equals_a_dense_likelihood_and_its_maximum(model):
    lag = model in ("SAR", "SDM")
    case = make_case(n=9, t=5, rho=0.3 if lag else 0.0, lam=0.0 if lag else 0.3, seed=5)
    rng = default_rng(2)
    case.y[:] += np.linalg.solve(
        np.eye(9) - (0.3 if lag else 0.0) * case.matrix, rng.normal(size=9)
    )
    fit = fit_random_effects(case.panel, case.network, PanelModel(model))
    d = fit.estimates[0]
    phi = fit["phi"]
    bar_height, slopes = dense(case, model, d, phi)
    close(fit.log_likelihood, bar_height, rtol=1e-9)
    close(fit.estimates[1:-2], slopes, rtol=1e-7)
    best = minimize(
        lambda x: -dense(case, model, x[0], np.exp(x[1]))[0],
        [d + 0.02, np.log(phi) - 0.1],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11},
    )
    close([d, np.log(phi)], best.x, atol=2e-5)
    assert not fit.at_bound


def test_no_unit_effects_end_at_the_bound_and_refusals():
    rng = default_rng(0)
    case = make_case(n=9, t=6)
    noise = rng.normal(size=(6, 9))
    panel = panel_from_arrays(
        case.X @ [1.0, 1.0] + noise - noise.mean(axis=0), case.X, case.units, NAMES
    )
    fit = fit_random_effects(panel, case.network, PanelModel("SAR"))
    assert fit.at_bound
    assert fit["phi"] < 1e-5
    refused("edge of its range", fit.covariance)
    refused("observed information only", fit.covariance, "qml")
    case = make_case()
    refused(
        "no random-effects form",
        fit_random_effects,
        case.panel,
        case.network,
        PanelModel("SAC"),
    )
    refused(
        "row-standardised",
        fit_random_effects,
        case.panel,
        network(case.units, 2 * case.matrix),
        PanelModel("SEM"),
    )


UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
INSIDE = W @ C > 0


def two_pulls(rng, one, two, W=W, inside=INSIDE, sd=1.0):
    x = rng.normal(size=len(W))
    X = np.column_stack([np.ones(len(W)), x, W @ x])
    weight = np.where(inside, one, two)[:, None] * W
    return (
        np.linalg.solve(
            np.eye(len(W)) - weight, X @ [1.0, 2.0, -0.5] + sd * rng.normal(size=len(W))
        ),
        X,
    )


def test_optimum_beats_brute_force_in_any_order_and_refusals():
    y, X = two_pulls(default_rng(1), 0.5, -0.2)
    fit = two_regime_durbin(y, X, W, INSIDE)

    def height(one, two):
        gap = np.eye(31) - np.where(INSIDE, one, two)[:, None] * W
        e = gap @ y - X @ np.linalg.lstsq(X, gap @ y, rcond=None)[0]
        return float(np.linalg.slogdet(gap)[1] - 31 / 2 * np.log(e @ e / 31))

    best = height(fit.rho_inside, fit.rho_outside)
    grid = np.linspace(-0.98, 0.98, 41)
    assert best >= max(height(a, b) for a in grid for b in grid) - 1e-9
    common = max(height(a, a) for a in np.linspace(fit.rho - 0.05, fit.rho + 0.05, 41))
    close(fit.likelihood_ratio, 2 * (best - common), atol=1e-4)
    y, X = two_pulls(default_rng(3), 0.3, 0.3)
    fit = two_regime_durbin(y, X, W, INSIDE)
    swapped = two_regime_durbin(y, X, W, ~INSIDE)
    order = default_rng(4).permutation(31)
    moved = two_regime_durbin(
        y[order], X[order], W[np.ix_(order, order)], INSIDE[order]
    )
    for other in (moved.rho_inside, swapped.rho_outside):
        close(other, fit.rho_inside, atol=1e-7)
    close(swapped.p_value, fit.p_value, atol=1e-6)
    y, X = two_pulls(default_rng(5), 0.0, 0.0)
    refused("inside and outside", two_regime_durbin, y, X, W, np.ones(31, dtype=bool))
    refused("collinear", two_regime_durbin, y, X[:, [0, 1, 1]], W, INSIDE)


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
