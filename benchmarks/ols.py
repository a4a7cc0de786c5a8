"""Least squares with unit and year effects, errors clustered by unit, from a DataFrame
and a formula.
"""

from typing import Any

import numpy as np
import pandas as pd

import evenfield as ef

TITLE = "Two-way least squares, clustered by unit"
SHAPES = {(31, 40): 5.0, (3000, 20): 1.0, (100_000, 20): 1.0}


def frame(units: int, years: int) -> pd.DataFrame:
    rng = np.random.default_rng(units)
    n = units * years
    i = np.repeat(np.arange(units), years)
    t = np.tile(np.arange(years), units)
    x = (
        rng.normal(size=(n, 3))
        + rng.normal(size=(units, 3))[i]
        + rng.normal(size=(years, 3))[t]
    )
    y = (
        x @ [0.1, 0.2, 0.3]
        + rng.normal(size=n)
        + rng.normal(size=units)[i]
        + rng.normal(size=years)[t]
    )
    return pd.DataFrame(x, columns=["x1", "x2", "x3"]).assign(y=y, i=i, t=t)


def cases(smoke: bool) -> Any:
    for (units, years), goal in SHAPES.items():
        if smoke and units > 31:
            return
        data = frame(units, years)

        def ours(data: pd.DataFrame = data) -> ef.Fit:
            return ef.ols(
                "y ~ x1 + x2 + x3 | i + t", data, unit="i", time="t", inference="CR1"
            )

        def pyfixest(data: pd.DataFrame = data) -> Any:
            import pyfixest as pf

            keep = {"copy_data": False, "store_data": False, "lean": True}
            return pf.feols(
                "y ~ x1 + x2 + x3 | i + t", data, vcov={"CRV1": "i"}, **keep
            )

        def check(result: dict[str, Any]) -> None:
            if "pyfixest" in result:
                selected = result["ours"]
                theirs = result["pyfixest"]
                np.testing.assert_allclose(selected.params, theirs.coef(), rtol=1e-5)
                np.testing.assert_allclose(selected.std_errors, theirs.se(), rtol=1e-5)

        yield {"what": f"{units * years:,} rows", "ours": ours, "peers": {"pyfixest": pyfixest}, "check": check,
               "asked": {"pyfixest": goal}}  # fmt: skip
