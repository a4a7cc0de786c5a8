"""Driscoll-Kraay with unit and year effects and 3 lags: ours against pyfixest, the whole fit and the variance alone."""

from typing import Any

import numpy as np

from evenfield.numerics.inference.cluster_robust import RobustInference
from evenfield.numerics.inference.driscoll_kraay import driscoll_kraay_inference
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.numerics.random import generator_for

ID = "P6"
LAGS = 3
SIZES = {"300x40": {"units": 300, "years": 40}, "2800x40": {"units": 2800, "years": 40}}
GOALS = {"300x40": {"pyfixest": 8.0}}
PEERS = ("pyfixest", "pyfixest variance alone")
NEEDS = {"pyfixest": "pyfixest", "pyfixest variance alone": "pyfixest"}
SMOKE = ("300x40",)
PAIRS = {"pyfixest": "ours", "pyfixest variance alone": "ours variance alone"}
FACTOR = "T/(T-1) x (N-1)/(N-A-K)"


def setup(size: str) -> dict[str, Any]:
    N, T = SIZES[size]["units"], SIZES[size]["years"]
    rng = generator_for(1, f"benchmark:dk:{size}")
    units, years = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
    x = rng.normal(size=(N * T, 3)) + rng.normal(size=(T, 3))[years]
    y = x @ [0.1, 0.2, 0.3] + rng.normal(size=N * T) + rng.normal(size=T)[years]
    return {"y": y, "x": x, "units": units, "years": years, "shape": (N, T)}


def within_fit(data: dict[str, Any]) -> OlsFit:
    values = np.vstack([data["y"], data["x"].T]).reshape(-1, *data["shape"])
    values -= values.mean(axis=2, keepdims=True)
    values -= values.mean(axis=1, keepdims=True)
    values = values.reshape(len(values), -1)
    return fit_ols(values[0], values[1:].T)


def variance_of(fit: OlsFit, data: dict[str, Any]) -> RobustInference:
    absorbed = sum(data["shape"]) - 1
    return driscoll_kraay_inference(fit, np.array([1.0, 0.0, 0.0]), data["years"], LAGS, FACTOR, absorbed)


def ours(data: dict[str, Any]) -> RobustInference:
    return variance_of(within_fit(data), data)


def ours_variance(data: dict[str, Any]) -> RobustInference:
    if "fit" not in data:
        data["fit"] = within_fit(data)
    return variance_of(data["fit"], data)


def frame_of(data: dict[str, Any]) -> Any:
    if "frame" not in data:
        import pandas as pd

        frame = pd.DataFrame(data["x"], columns=["x1", "x2", "x3"])
        data["frame"] = frame.assign(y=data["y"], i=data["units"], t=data["years"])
    return data["frame"]


KEYS = {"time_id": "t", "panel_id": "i", "lag": LAGS}


def pyfixest(data: dict[str, Any]) -> Any:
    import pyfixest as pf

    return pf.feols("y ~ x1 + x2 + x3 | i + t", frame_of(data), vcov="DK", vcov_kwargs=KEYS)


def pyfixest_variance(data: dict[str, Any]) -> Any:
    if "model" not in data:
        data["model"] = pyfixest(data)
    return data["model"].vcov("DK", vcov_kwargs=KEYS)


IMPLEMENTATIONS = {
    "ours": ours,
    "ours variance alone": ours_variance,
    "pyfixest": pyfixest,
    "pyfixest variance alone": pyfixest_variance,
}


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """Standard errors agree once their factors are divided out."""
    np.testing.assert_allclose(results["ours"].std_error, results["ours variance alone"].std_error, rtol=1e-12)
    if "pyfixest" in results:
        model = results["pyfixest"]
        theirs = np.sqrt(model._vcov[0, 0] / float(np.ravel(model._ssc)[0]))
        mine = results["ours"].std_error / np.sqrt(results["ours"].factor)
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
