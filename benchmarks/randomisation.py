"""Randomisation by whole treatment paths, 10,000 draws, 31 units and 40 years: ours against a loop of pyfixest fits."""

from typing import Any

import numpy as np

from evenfield.numerics.inference.randomisation import (
    PathRandomisation,
    free_assignments,
    path_panel,
    path_randomisation,
)
from evenfield.numerics.random import generator_for

ID = "P12"
DRAWS, LOOP = 10_000, 20
SIZES = {"31x40": {"units": 31, "years": 40}, "300x40": {"units": 300, "years": 40}}
GOALS = {"31x40": {"pyfixest": 1000.0, "within_seconds": 0.1}}
PEERS = ("pyfixest",)
NEEDS = {"pyfixest": "pyfixest"}
SMOKE = ("31x40",)


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


IMPLEMENTATIONS = {"ours": ours, "pyfixest": pyfixest}


def scale(size: str, name: str) -> float:
    """The loop is timed over a few draws and multiplied."""
    return DRAWS / LOOP if name == "pyfixest" and size in SIZES else 1.0


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """Every coefficient of the loop equals ours; its fixed effects are found by iteration, to 1e-6 or so."""
    if "pyfixest" in results:
        np.testing.assert_allclose(results["ours"].coefficients[:LOOP], results["pyfixest"], rtol=1e-5, atol=1e-7)
