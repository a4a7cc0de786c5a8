"""Driscoll and Kraay's errors of a two-way regression, from a DataFrame and a formula."""

from typing import Any

import numpy as np
import pandas as pd
from ols import frame

import evenfield as ef

TITLE = "Two-way least squares with Driscoll and Kraay's errors, 3 lags"


def cases(smoke: bool) -> Any:
    for units in (300,) if smoke else (300, 2800):
        data = frame(units, 40)

        def ours(data: pd.DataFrame = data) -> ef.Fit:
            return ef.ols(
                "y ~ x1 + x2 + x3 | i + t",
                data,
                unit="i",
                time="t",
                inference="driscoll_kraay",
                lags=3,
            )

        def pyfixest(data: pd.DataFrame = data) -> Any:
            import pyfixest as pf

            keys = {"time_id": "t", "panel_id": "i", "lag": 3}
            return pf.feols(
                "y ~ x1 + x2 + x3 | i + t",
                data,
                vcov="DK",
                vcov_kwargs=keys,
                lean=True,
                store_data=False,
            )

        def check(result: dict[str, Any]) -> None:
            if "pyfixest" in result:  # their factor divided out
                model = result["pyfixest"]
                theirs = np.sqrt(np.diag(model._vcov) / float(np.ravel(model._ssc)[0]))
                np.testing.assert_allclose(result["ours"].std_errors, theirs, rtol=1e-5)

        yield {
            "what": f"{units:,} units, 40 years",
            "ours": ours,
            "peers": {"pyfixest": pyfixest},
            "check": check,
        }
