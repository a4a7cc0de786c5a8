"""Workload P9: two-step GMM with Windmeijer's errors, ours against pydynpd and panelbox, from one long table each.

pydynpd 0.2.2 calls a function that numpy 2.4 dropped and is lent one. panelbox runs the difference equations only: its
level equations have other instruments. ``difference-full`` with 31 units has 172 instruments, more than units.
"""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.dynamic_panel.gmm import Equations, GmmSpec, Layout, dynamic_gmm
from evenfield.numerics.random import generator_for

ID = "P9"
SPECS = {
    "difference": GmmSpec(1, 2, 3),
    "system": GmmSpec(1, 2, 3, Equations.SYSTEM),
    "difference-full": GmmSpec(1, 2, 0, Equations.DIFFERENCE, Layout.FULL),
}
COMMANDS = {
    "difference": "n L(1:1).n x | gmm(n, 2:3) iv(x) | nolevel collapse",
    "system": "n L(1:1).n x | gmm(n, 2:3) iv(x) | collapse",
    "difference-full": "n L(1:1).n x | gmm(n, 2:99) iv(x) | nolevel",
}
SHAPES = ((31, 20), (140, 9), (1000, 12))
SIZES = {f"{kind}-{n}": {"units": n, "dates": t, "kind": kind, "group": kind} for kind in SPECS for n, t in SHAPES}
SMOKE = ("difference-31", "system-140")
PEERS = ("pydynpd", "panelbox")
NEEDS = {name: name for name in PEERS}
SKIP = {f"system-{n}": ("panelbox",) for n, _ in SHAPES}
GOALS = {
    size: dict.fromkeys((name for name in PEERS if name not in SKIP.get(size, ())), 2.0 if "full" in size else 10.0)
    for size in SIZES
}


def setup(size: str) -> dict[str, Any]:
    settings = SIZES[size]
    n, t = settings["units"], settings["dates"]
    rng = generator_for(1, f"benchmark:gmm:{n}")
    mu, x, y = rng.normal(size=n), rng.normal(size=(n, t)), [rng.normal(size=n)]
    for year in range(1, t):
        y.append(0.5 * y[-1] + 0.4 * x[:, year] + mu + rng.normal(size=n))
    units, years = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    table = pd.DataFrame({"unit": units, "year": years, "n": np.array(y).T.ravel(), "x": x.ravel()})
    return {**settings, "table": table}


def ours(data: dict[str, Any]) -> tuple[Any, ...]:
    values, n, t = data["table"].to_numpy(), data["units"], data["dates"]  # unit, year, n, x
    values = values[np.lexsort((values[:, 1], values[:, 0]))]
    y, x = values[:, 2].reshape(n, t), values[:, 3].reshape(n, t, 1)
    if data["kind"] == "system":
        x = np.concatenate([x, np.ones((n, t, 1))], axis=-1)
    fit = dynamic_gmm(y, SPECS[data["kind"]], x)
    return fit.beta, fit.std_errors, fit.hansen.statistic


def pydynpd(data: dict[str, Any]) -> tuple[Any, ...]:
    from pydynpd import regression

    if not hasattr(np, "in1d"):
        np.in1d = np.isin  # type: ignore[attr-defined]
    with contextlib.redirect_stdout(io.StringIO()):
        model = regression.abond(COMMANDS[data["kind"]], data["table"], ["unit", "year"]).models[0]
    found = model.regression_table
    return found["coefficient"].to_numpy(), found["std_err"].to_numpy(), model.hansen.test_value


def panelbox(data: dict[str, Any]) -> tuple[Any, ...]:
    from panelbox.gmm import DifferenceGMM

    full = data["kind"] == "difference-full"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = DifferenceGMM(data["table"], "n", 1, "unit", "year", exog_vars=["x"], time_dummies=False,
                              gmm_max_lag=None if full else 3, collapse=not full).fit()  # fmt: skip
    return np.asarray(found.params), np.asarray(found.std_errors), found.hansen_j.statistic


IMPLEMENTATIONS = {"ours": ours, "pydynpd": pydynpd, "panelbox": panelbox}


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    """Coefficients, Windmeijer's standard errors and Hansen's statistic agree before anything is timed."""
    first, *others = results.values()
    for other in others:
        for mine, theirs in zip(first, other, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)
