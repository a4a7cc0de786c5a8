"""Randomisation by whole treatment paths, 10,000 draws, 31 units and 40 years: ours against a loop of pyfixest fits."""

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

from evenfield.numerics.inference.assignments import free_assignments  # noqa: E402
from evenfield.numerics.inference.path_panel import path_panel  # noqa: E402
from evenfield.numerics.inference.randomisation import PathRandomisation, path_randomisation  # noqa: E402
from evenfield.numerics.random import generator_for  # noqa: E402

WORKLOAD = "P12"
DRAWS, LOOP = 10_000, 20
SIZES = {"31x40": {"units": 31, "years": 40}, "300x40": {"units": 300, "years": 40}}
TARGETS = {"31x40": {"pyfixest": 1000.0, "within_seconds": 0.1}}
PAIRS: dict[str, str] = {}
SCALE = {"pyfixest": DRAWS / LOOP}  # the loop is timed over 20 draws and multiplied


def setup(size: str) -> dict[str, Any]:
    N, T = SIZES[size]["units"], SIZES[size]["years"]
    rng = generator_for(1, f"benchmark:paths:{size}")
    units, years = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
    start = np.where(np.arange(N) < N // 3, rng.integers(5, 30, N), 10**6)
    d = (years >= start[units]).astype(float)
    x = rng.normal(size=(N * T, 2))
    return {
        "y": x @ [0.2, 0.1] + rng.normal(size=N * T),
        "d": d,
        "units": units,
        "years": years,
        "x": x,
        "shape": (N, T),
    }


def ours(data: dict[str, Any]) -> PathRandomisation:
    panel = path_panel(data["y"], data["d"], data["units"], data["years"], data["x"])
    assignments = free_assignments(panel, DRAWS, generator_for(1, "benchmark:paths"))
    test = path_randomisation(panel, assignments, "unit and time")
    test.p_value()
    return test


def pyfixest(data: dict[str, Any]) -> np.ndarray:
    import pandas as pd
    import pyfixest as pf

    frame = pd.DataFrame(data["x"], columns=["x1", "x2"]).assign(y=data["y"], i=data["units"], t=data["years"])
    paths = data["d"].reshape(data["shape"])
    out = []
    for source in ours_assignments(data)[:LOOP]:
        fit = pf.feols("y ~ d + x1 + x2 | i + t", frame.assign(d=paths[source].ravel()), vcov="iid")
        out.append(fit.coef()["d"])
    return np.array(out)


def ours_assignments(data: dict[str, Any]) -> np.ndarray:
    if "source" not in data:
        data["source"] = ours(data).assignments.source
    return data["source"]


CONTESTANTS = {"ours": ours, "pyfixest": pyfixest}


PACKAGES: dict[str, str] = {"pyfixest": "pyfixest"}


def implementations(size):
    return {name: run for name, run in CONTESTANTS.items() if find_spec(PACKAGES.get(name, "numpy")) is not None}


def check(results):
    """Every coefficient of the loop equals ours; its fixed effects are found by iteration, to 1e-6 or so."""
    if "pyfixest" in results:
        np.testing.assert_allclose(results["ours"].coefficients[:LOOP], results["pyfixest"], rtol=1e-5, atol=1e-7)


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
