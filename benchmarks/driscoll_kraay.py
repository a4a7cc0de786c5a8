"""Driscoll-Kraay with unit and year effects and 3 lags: ours against pyfixest, the whole fit and the variance alone."""

import json
import os
import statistics
import sys
import time
from importlib.util import find_spec
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from evenfield.numerics.inference.driscoll_kraay import driscoll_kraay_inference  # noqa: E402
from evenfield.numerics.inference.result import RobustInference  # noqa: E402
from evenfield.numerics.ols import OlsFit, fit_ols  # noqa: E402
from evenfield.numerics.random import generator_for  # noqa: E402

WORKLOAD = "P6"
LAGS = 3
SIZES = {"300x40": {"units": 300, "years": 40}, "2800x40": {"units": 2800, "years": 40}}
TARGETS = {"300x40": {"pyfixest": 8.0}}
SCALE: dict[str, float] = {}
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
    values = np.column_stack([data["y"], data["x"]]).reshape(*data["shape"], -1)
    values -= values.mean(axis=0)
    values -= values.mean(axis=1, keepdims=True)
    values = values.reshape(-1, values.shape[-1])
    return fit_ols(values[:, 0], values[:, 1:])


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


CONTESTANTS = {
    "ours": ours,
    "ours variance alone": ours_variance,
    "pyfixest": pyfixest,
    "pyfixest variance alone": pyfixest_variance,
}


PACKAGES: dict[str, str] = {"pyfixest": "pyfixest", "pyfixest variance alone": "pyfixest"}


def implementations(size):
    return {name: run for name, run in CONTESTANTS.items() if find_spec(PACKAGES.get(name, "numpy")) is not None}


def check(results):
    """Standard errors agree once their factors are divided out."""
    np.testing.assert_allclose(results["ours"].std_error, results["ours variance alone"].std_error, rtol=1e-12)
    if "pyfixest" in results:
        model = results["pyfixest"]
        theirs = np.sqrt(model._vcov[0, 0] / float(np.ravel(model._ssc)[0]))
        mine = results["ours"].std_error / np.sqrt(results["ours"].factor)
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def main(rounds=5):
    for size in SIZES:
        data, contestants = setup(size), implementations(size)
        check({name: run(data) for name, run in contestants.items()})
        seconds = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, run in contestants.items():
                start = time.perf_counter()
                run(data)
                seconds[name].append((time.perf_counter() - start) * SCALE.get(name, 1))
        ratios = {name: statistics.median(b / a for a, b in zip(seconds[PAIRS.get(name, "ours")], times, strict=True))
                  for name, times in seconds.items() if name != "ours"}  # fmt: skip
        line = {"workload": WORKLOAD, "size": size, "rounds": rounds, "ratio": ratios, "target": TARGETS.get(size),
                "median": {name: statistics.median(times) for name, times in seconds.items()},
                "least": {name: min(times) for name, times in seconds.items()},
                "most": {name: max(times) for name, times in seconds.items()},
                "load": os.getloadavg()[0]}  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
