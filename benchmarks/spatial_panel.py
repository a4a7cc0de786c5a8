"""Spatial lag, Durbin and error models: panels with two-way effects against spreg's,
and cross-sections at 10,000.

Queen contiguity on a lattice, scaled so that rows and columns of the weights sum to
one: data demeaned by year then have the likelihood of the two-way model, and spreg,
which has unit effects only, needs no year dummies.
"""

import contextlib
import io
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array, eye_array, kron

import evenfield as ef
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays

TITLE = "Spatial panels, two-way effects, 4 regressors, 20 years"
TEXT = """spreg is handed data demeaned by year: with weights whose columns sum to one too, that is the two-way model
without its dummies. Ours starts from arrays and a sparse matrix and ends with standard errors, log-determinant
included; "stored" is any further model with the same weights. spreg 1.9 holds dense N x N matrices, which rules out
10,000 units here."""
T = 20
K = 4
SHAPES = {300: (15, 20), 2800: (50, 56), 10_000: (100, 100)}
ASKED = {("SAR", 300): 8.0, ("SDM", 300): 8.0, ("SEM", 300): 4.0, ("SAR", 2800): 30.0, ("SDM", 2800): 30.0,
         ("SEM", 2800): 10.0}  # fmt: skip


def lattice(rows: int, columns: int) -> csr_array:
    """Queen contiguity, scaled so that it is symmetric and rows and columns sum to one."""

    def line(size: int) -> Any:
        return diags_array(
            [np.ones(size - 1), np.ones(size - 1)], offsets=[-1, 1]
        ) + eye_array(size)

    links = csr_array(kron(line(rows), line(columns)) - eye_array(rows * columns))
    links.eliminate_zeros()
    scale = np.ones(links.shape[0])
    for _ in range(500):
        scale = np.sqrt(scale / (links @ scale))
    return csr_array(diags_array(scale) @ links @ diags_array(scale))


def pysal(W: csr_array) -> Any:
    import libpysal

    w = libpysal.weights.WSP(W).to_W(silence_warnings=True)
    w.transform = "r"
    return w


def cases(smoke: bool) -> Any:
    for n in (300,) if smoke else SHAPES:
        for model in ("SAR", "SEM") if n > 5000 else ("SAR", "SDM", "SEM"):
            yield from panel_cases(n, model)
    for n in () if smoke else (2800, 10_000):
        yield from (cross_section(n, model) for model in ("SAR", "SEM"))


def panel_cases(n: int, model: str) -> Any:
    W = lattice(*SHAPES[n])
    rng = np.random.default_rng(n)
    units = [f"u{i:05d}" for i in range(n)]
    X = rng.normal(size=(T, n, K))
    stored = network(units, W)
    retained = {}
    mean = (
        X.sum(axis=2).T
        + 0.3 * (W @ X[..., 0].T)
        + rng.normal(size=(n, 1))
        + rng.normal(size=(1, T))
    )
    noise = rng.normal(size=(n, T))
    standard_deviation = stored.factor(0.4)
    y = (
        mean + standard_deviation.solve(noise)
        if model == "SEM"
        else standard_deviation.solve(mean + noise)
    ).T.copy()
    stored.logdet  # noqa: B018

    def fitted(net: Network) -> Any:
        panel = panel_from_arrays(y, X, units, ["a", "b", "c", "d"])
        fit = fit_spatial_panel(panel, net, PanelModel(model, "two_way", "direct"))
        fit.std_errors("observed")
        return fit

    def spreg() -> np.ndarray:
        from spreg import Panel_FE_Error, Panel_FE_Lag

        if not retained:  # made before the clock of the rounds starts
            lags = np.stack([X[..., k] @ W.T for k in range(K)], axis=2)
            full = np.concatenate([X, lags], axis=2) if model == "SDM" else X
            retained["X"] = (full - full.mean(axis=1, keepdims=True)).reshape(n * T, -1)
            retained["y"], retained["w"] = (
                (y - y.mean(axis=1, keepdims=True)).reshape(-1, 1),
                pysal(W),
            )
        with contextlib.redirect_stdout(io.StringIO()):
            result = (Panel_FE_Error if model == "SEM" else Panel_FE_Lag)(
                retained["y"], retained["X"], retained["w"]
            )
        return result.betas.ravel()

    def check(result: dict[str, Any]) -> None:
        selected = result["ours"].estimates
        if "spreg" in result:
            np.testing.assert_allclose(
                [*selected[1:-1], selected[0]], result["spreg"], rtol=2e-4, atol=2e-6
            )

    label = {"check": check, "units": n}
    goal = ASKED.get((model, n))
    within = 3.0 if n > 5000 and model == "SAR" else None
    yield {
        "what": f"{model}, {n:,} units",
        "ours": lambda: fitted(network(units, W)),
        **label,
        "within": within,
        "peers": {"spreg": spreg} if n < 5000 else {},
        "asked": {"spreg": goal},
    }
    yield {
        "what": f"{model}, {n:,} units, stored",
        "ours": lambda: fitted(stored),
        **label,
        "grows": f"{model} with a stored log-determinant" if n < 5000 else None,
    }


def cross_section(n: int, model: str) -> dict[str, Any]:
    W = lattice(*SHAPES[n])
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, K))
    units = [f"u{i:05d}" for i in range(n)]
    retained = {}
    solve = network(units, W).factor(0.4).solve
    y = (
        X.sum(axis=1) + solve(rng.normal(size=n))
        if model == "SEM"
        else solve(X.sum(axis=1) + rng.normal(size=n))
    )
    data = pd.DataFrame(X, columns=list("abcd")).assign(y=y, unit=units)

    def ours() -> Any:
        net = ef.weights(W, units)
        return ef.spatial_cross_section(
            "y ~ a + b + c + d", data, net, model=model, unit="unit"
        )

    def spreg() -> np.ndarray:
        from spreg import ML_Error, ML_Lag

        if "w" not in retained:
            retained["w"] = pysal(W)
        with contextlib.redirect_stdout(io.StringIO()):
            result = (ML_Error if model == "SEM" else ML_Lag)(
                y.reshape(-1, 1), X, retained["w"], method="LU"
            )
        return result.betas.ravel()

    def check(result: dict[str, Any]) -> None:
        if "spreg" in result:
            names = [
                "Intercept",
                "a",
                "b",
                "c",
                "d",
                "lambda" if model == "SEM" else "rho",
            ]
            np.testing.assert_allclose(
                result["ours"].params[names], result["spreg"], rtol=2e-4, atol=2e-6
            )

    return {
        "what": f"{model}, cross-section, {n:,} units",
        "ours": ours,
        "peers": {"spreg, LU": spreg},
        "check": check,
    }
