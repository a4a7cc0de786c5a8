"""Workload P9: two-step GMM with Windmeijer's errors, ours against pydynpd and panelbox, from one long table each.

``setup(size)`` makes the data, ``implementations(size)`` the contestants, ``check(results)`` compares them before timing.
Run alone, ``python benchmarks/gmm.py``, it prints one JSON line for each size. pydynpd 0.2.2 calls a function that numpy
2.4 dropped; it is lent one. A peer that is not installed is left out and said.
"""

import contextlib
import importlib.util
import io
import json
import os
import statistics
import sys
import time
import warnings

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from evenfield.numerics.dynamic_panel.gmm import dynamic_gmm  # noqa: E402
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec, Layout  # noqa: E402

WORKLOAD = "P9"
KINDS = {
    "difference collapsed": (GmmSpec(1, 2, 3), "n L(1:1).n x | gmm(n, 2:3) iv(x) | nolevel collapse"),
    "system collapsed": (GmmSpec(1, 2, 3, Equations.SYSTEM), "n L(1:1).n x | gmm(n, 2:3) iv(x) | collapse"),
    "difference full": (
        GmmSpec(1, 2, 0, Equations.DIFFERENCE, Layout.FULL),
        "n L(1:1).n x | gmm(n, 2:99) iv(x) | nolevel",
    ),
}
SIZES = tuple((kind, n, t) for kind in KINDS for n, t in ((31, 20), (140, 9), (1000, 12)))
TARGETS = {"difference collapsed": 10.0, "system collapsed": 10.0, "difference full": 2.0}


def setup(size):
    _, n, t = size
    rng = np.random.default_rng(n)
    mu, x, y = rng.normal(size=n), rng.normal(size=(n, t)), [rng.normal(size=n)]
    for year in range(1, t):
        y.append(0.5 * y[-1] + 0.4 * x[:, year] + mu + rng.normal(size=n))
    units, years = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    return pd.DataFrame({"unit": units, "year": years, "n": np.array(y).T.ravel(), "x": x.ravel()})


def ours(data, size):
    kind, n, t = size
    rows = data.sort_values(["unit", "year"])
    y, x = rows["n"].to_numpy().reshape(n, t), rows["x"].to_numpy().reshape(n, t, 1)
    if kind.startswith("system"):
        x = np.concatenate([x, np.ones((n, t, 1))], axis=-1)
    fit = dynamic_gmm(y, KINDS[kind][0], x)
    return fit.beta, fit.std_errors, fit.hansen.statistic


def pydynpd(data, size):
    from pydynpd import regression

    if not hasattr(np, "in1d"):
        np.in1d = np.isin
    with contextlib.redirect_stdout(io.StringIO()):
        model = regression.abond(KINDS[size[0]][1], data, ["unit", "year"]).models[0]
    table = model.regression_table
    return table["coefficient"].to_numpy(), table["std_err"].to_numpy(), model.hansen.test_value


def panelbox(data, size):
    from panelbox.gmm import DifferenceGMM

    last = None if size[0] == "difference full" else 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = DifferenceGMM(data, "n", 1, "unit", "year", exog_vars=["x"], time_dummies=False, gmm_max_lag=last,
                              collapse=size[0] != "difference full").fit()  # fmt: skip
    return np.asarray(found.params), np.asarray(found.std_errors), found.hansen_j.statistic


def implementations(size):
    peers = {"pydynpd": pydynpd, "panelbox": panelbox}
    if size[0].startswith("system"):
        del peers["panelbox"]  # its level equations have other instruments
    return {"ours": ours, **{name: run for name, run in peers.items() if importlib.util.find_spec(name)}}


def check(results):
    first, *others = results.values()
    for other in others:
        for mine, theirs in zip(first, other, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def main(rounds=7):
    for size in SIZES:
        data, contestants = setup(size), implementations(size)
        results = {name: run(data, size) for name, run in contestants.items()}
        check(results)
        seconds = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, run in contestants.items():
                start = time.perf_counter()
                run(data, size)
                seconds[name].append(time.perf_counter() - start)
        ratios = {name: statistics.median(b / a for a, b in zip(seconds["ours"], times, strict=True))
                  for name, times in seconds.items() if name != "ours"}  # fmt: skip
        line = {"workload": WORKLOAD, "size": size, "rounds": rounds, "ratio": ratios, "target": TARGETS[size[0]],
                "median": {name: statistics.median(times) for name, times in seconds.items()},
                "least": {name: min(times) for name, times in seconds.items()},
                "most": {name: max(times) for name, times in seconds.items()}}  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
