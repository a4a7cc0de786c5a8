"""Random effects against a dense Gaussian likelihood, and their refusals."""

import numpy as np
import pytest
from scipy.optimize import minimize

from evenfield.numerics.spatial_panel.models import PanelModel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from numerics.refusals import refused
from spatial_cases import NAMES, make_case


def dense(case, model, d, phi):
    """Concentrated likelihood from the (NT x NT) covariance, constant included."""
    t, n = case.y.shape
    S, lag, Xs = np.eye(n) - d * case.matrix, model in ("SAR", "SDM"), [case.X[..., k] for k in range(2)]
    Xs += [x @ case.matrix.T for x in Xs] if model in ("SDM", "SDEM") else []
    X, y = np.column_stack([np.ones(n * t), *(x.ravel() for x in Xs)]), (case.y @ S.T if lag else case.y).ravel()
    shock = np.eye(n) if lag else np.linalg.inv(S.T @ S)
    root = np.linalg.cholesky(np.kron(np.ones((t, t)), phi * np.eye(n)) + np.kron(np.eye(t), shock))
    z, Z = np.linalg.solve(root, y), np.linalg.solve(root, X)
    b = np.linalg.lstsq(Z, z)[0]
    e = z - Z @ b
    logs = t * np.linalg.slogdet(S)[1] if lag else 0.0
    return (logs - np.log(np.diag(root)).sum() - n * t / 2 * (np.log(2 * np.pi * (e @ e) / (n * t)) + 1)), b[1:]


@pytest.mark.parametrize("model", ["SAR", "SDM", "SEM", "SDEM"])
def test_fit_equals_a_dense_likelihood_and_its_maximum(model):
    lag = model in ("SAR", "SDM")
    case = make_case(n=9, t=5, rho=0.3 if lag else 0.0, lam=0.0 if lag else 0.3, seed=5)
    rng = np.random.default_rng(2)
    case.y[:] += np.linalg.solve(np.eye(9) - (0.3 if lag else 0.0) * case.matrix, rng.normal(size=9))
    fit = fit_random_effects(case.panel, case.network, PanelModel(model))
    d, phi = fit.estimates[0], fit["phi"]
    height, slopes = dense(case, model, d, phi)
    assert fit.log_likelihood == pytest.approx(height, rel=1e-9)
    np.testing.assert_allclose(fit.estimates[1:-2], slopes, rtol=1e-7)
    best = minimize(lambda x: -dense(case, model, x[0], np.exp(x[1]))[0], [d + 0.02, np.log(phi) - 0.1],
                    method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11})  # fmt: skip
    np.testing.assert_allclose([d, np.log(phi)], best.x, atol=2e-5)
    assert not fit.at_bound


def test_no_unit_effects_end_at_the_bound_and_refusals():
    rng, case = np.random.default_rng(0), make_case(n=9, t=6)
    noise = rng.normal(size=(6, 9))
    panel = panel_from_arrays(case.X @ [1.0, 1.0] + noise - noise.mean(axis=0), case.X, case.units, NAMES)
    fit = fit_random_effects(panel, case.network, PanelModel("SAR"))
    assert fit.at_bound and fit["phi"] < 1e-5
    refused("edge of its range", fit.covariance)
    refused("observed information only", fit.covariance, "qml")
    case = make_case()
    refused("no random-effects form", fit_random_effects, case.panel, case.network, PanelModel("SAC"))
    refused("row-standardised", fit_random_effects, case.panel, network(case.units, 2 * case.matrix), PanelModel("SEM"))
