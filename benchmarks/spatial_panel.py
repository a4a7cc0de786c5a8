"""Spatial lag, Durbin and error panels with two-way effects, 20 years on a lattice: ours against spreg.

spreg has unit effects only; two-way effects are year dummies among its regressors, which is the direct approach: both
maximise the same likelihood. Ours counts everything from arrays and ids to standard errors, the log-determinant
included; ``ours stored`` is a second model with the same weights. spreg cannot run N = 10,000.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, kron

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.models import PanelModel, SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays

ID = "P1 P2 P3"
T, K = 20, 4
SHAPES = {300: (15, 20), 2800: (50, 56), 10_000: (100, 100)}
SIZES = {f"{model}-{units}": {"units": units, "model": model, "group": f"{model} with a stored log-determinant"}
         for units in SHAPES for model in ("SAR", "SDM", "SEM")}  # fmt: skip
SMOKE = ("SAR-300", "SEM-300", "SAR-2800")
GOALS = {
    "SAR-300": {"spreg": 8.0}, "SDM-300": {"spreg": 8.0}, "SEM-300": {"spreg": 4.0},
    "SAR-2800": {"spreg": 30.0, "peak_bytes": 100e6}, "SDM-2800": {"spreg": 30.0, "peak_bytes": 100e6},
    "SEM-2800": {"spreg": 10.0}, "SAR-10000": {"within_seconds": 3.0, "peak_bytes": 250e6},
}  # fmt: skip
PEERS = ("spreg",)
NEEDS = {"spreg": "spreg"}
SKIP = {f"{model}-10000": ("spreg",) for model in ("SAR", "SDM", "SEM")}


def lattice(rows: int, columns: int) -> csr_array:
    """Queen contiguity, row-standardised."""

    def line(size: int) -> Any:
        return diags_array([np.ones(size - 1), np.ones(size - 1)], offsets=[-1, 1]) + eye_array(size)

    links = csr_array(kron(line(rows), line(columns)) - eye_array(rows * columns))
    links.eliminate_zeros()
    return csr_array(diags_array(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)


def setup(size: str) -> dict[str, Any]:
    settings = SIZES[size]
    n, model = settings["units"], settings["model"]
    W, rng = lattice(*SHAPES[n]), generator_for(1, f"benchmark:spatial_panel:{size}")
    units, X = [f"u{i:05d}" for i in range(n)], rng.normal(size=(T, n, K))
    stored, noise = network(units, W), rng.normal(size=(n, T))
    rho = 0.4 if model != "SEM" else 0.0
    spread = stored.factor(0.4)
    mean = X.sum(axis=2).T + 0.3 * stored.lag(X[..., 0].T) + rng.normal(size=(n, 1)) + rng.normal(size=(1, T))
    y = spread.solve(mean + noise) if rho else mean + spread.solve(noise)
    stored.logdet  # noqa: B018
    return {"y": y.T.copy(), "X": X, "W": W, "units": units, "model": model, "stored": stored, "n": n,
            "w": pysal_weights(W)}  # fmt: skip


def pysal_weights(W: csr_array) -> Any:
    """Return spreg's kind of weights, made before the clock starts; None where PySAL is not installed."""
    if find_spec("libpysal") is None or W.shape[0] > 5000:
        return None
    import libpysal

    w = libpysal.weights.WSP(W).to_W(silence_warnings=True)
    w.transform = "r"
    return w


def fitted(data: dict[str, Any], net: Any) -> SpatialPanelFit:
    panel = panel_from_arrays(data["y"], data["X"], data["units"], ["a", "b", "c", "d"])
    fit = fit_spatial_panel(panel, net, PanelModel(data["model"], "two_way", "direct"))
    fit.std_errors("observed")
    return fit


def ours(data: dict[str, Any]) -> SpatialPanelFit:
    return fitted(data, network(data["units"], data["W"]))


def ours_stored(data: dict[str, Any]) -> SpatialPanelFit:
    return fitted(data, data["stored"])


def spreg(data: dict[str, Any]) -> np.ndarray:
    import contextlib
    import io

    from spreg import Panel_FE_Error, Panel_FE_Lag

    n, model = data["n"], data["model"]
    blocks = [data["X"], np.stack([data["X"][..., k] @ data["W"].T for k in range(K)], axis=2)][: 1 + (model == "SDM")]
    X = np.concatenate(blocks, axis=2).reshape(n * T, -1)
    dummies = np.kron(np.eye(T)[:, 1:], np.ones((n, 1)))
    estimator = Panel_FE_Error if model == "SEM" else Panel_FE_Lag
    with contextlib.redirect_stdout(io.StringIO()):
        found = estimator(data["y"].reshape(-1, 1), np.column_stack([X, dummies]), data["w"])
    return np.concatenate([found.betas.ravel()[: X.shape[1]], found.betas.ravel()[-1:]])


IMPLEMENTATIONS = {"ours": ours, "ours stored": ours_stored, "spreg": spreg}


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """Coefficients and the spatial parameter agree as far as spreg's stopping rule allows."""
    mine = results["ours"]
    np.testing.assert_allclose(mine.estimates, results["ours stored"].estimates, rtol=1e-10)
    if "spreg" in results:
        np.testing.assert_allclose([*mine.estimates[1:-1], mine.estimates[0]], results["spreg"], rtol=2e-4, atol=2e-6)
