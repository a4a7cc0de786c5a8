"""Randomisation by whole treatment paths, 10,000 draws, 31 units and 40 years."""

from typing import Any

import numpy as np

from evenfield.numerics.inference.randomisation import (
    free_assignments,
    path_panel,
    path_randomisation,
)

TITLE = "Randomisation of treatment paths, 10,000 draws, 31 units, 40 years"
TEXT = """pyfixest is timed over 20 fits and multiplied; the own loop takes controls and effects out of each permuted
path with matrices made once, over 200 draws and multiplied."""
DRAWS = 10_000
N = 31
T = 40
TIMED = {"pyfixest, a fit each draw": 20, "own loop, controls taken out once": 200}


def cases(smoke: bool) -> Any:
    rng = np.random.default_rng(4)
    units = np.repeat(np.arange(N), T)
    years = np.tile(np.arange(T), N)
    start = np.where(np.arange(N) < N // 3, rng.integers(5, 30, N), 10**6)
    d = (years >= start[units]).astype(float)
    x = rng.normal(size=(N * T, 2))
    y = x @ [0.2, 0.1] + rng.normal(size=N * T)
    paths = d.reshape(N, T)

    def ours() -> Any:
        panel = path_panel(y, d, units, years, x)
        test = path_randomisation(
            panel,
            free_assignments(panel, DRAWS, np.random.default_rng(1)),
            "unit and time",
        )
        test.p_value()
        return test

    source = ours().assignments.source

    def pyfixest() -> np.ndarray:
        import pandas as pd
        import pyfixest as pf

        frame = pd.DataFrame(x, columns=["x1", "x2"]).assign(y=y, i=units, t=years)
        out = []
        for each in source[: TIMED["pyfixest, a fit each draw"]]:
            fit = pf.feols(
                "y ~ d + x1 + x2 | i + t",
                frame.assign(d=paths[each].ravel()),
                vcov="iid",
            )
            out.append(fit.coef()["d"])
        return np.array(out)

    def demeaned(v: np.ndarray) -> np.ndarray:
        v = v.reshape(N, T, -1)
        return (
            v - v.mean(axis=0) - v.mean(axis=1, keepdims=True) + v.mean(axis=(0, 1))
        ).reshape(N * T, -1)

    def loop() -> np.ndarray:
        Q = np.linalg.qr(demeaned(x))[0]
        out = []
        e = demeaned(y)[:, 0]
        for each in source[: TIMED["own loop, controls taken out once"]]:
            v = demeaned(paths[each])[:, 0]
            v = v - Q @ (Q.T @ v)
            out.append(v @ e / (v @ v))
        return np.array(out)

    def check(result: dict[str, Any]) -> None:
        for other in [result[name] for name in result if name != "ours"]:
            np.testing.assert_allclose(
                result["ours"].coefficients[: len(other)], other, rtol=1e-5, atol=1e-7
            )

    peers = dict(zip(TIMED, (pyfixest, loop), strict=True))
    yield {"what": "coefficients and p", "ours": ours, "peers": peers, "check": check, "within": 0.1,
           "scale": {name: DRAWS / timed for name, timed in TIMED.items()}}  # fmt: skip
