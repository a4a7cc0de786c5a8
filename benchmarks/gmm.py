"""Two-step GMM with Windmeijer's errors, from one long table: coefficients, errors and
Hansen's statistic agree.
"""

import contextlib
import io
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.dynamic_panel.gmm import Equations, GmmSpec, dynamic_gmm

TITLE = "Dynamic panel GMM, two steps, lags 2 and 3, collapsed"
TEXT = (
    "pydynpd 0.2.2 needs NumPy 2.2 and a function that NumPy dropped, which it is lent."
)
SPECS = {"difference": GmmSpec(1, 2, 3), "system": GmmSpec(1, 2, 3, Equations.SYSTEM)}


def cases(smoke: bool) -> Any:
    for kind in SPECS:
        for n, t in ((31, 20),) if smoke else ((31, 20), (140, 9), (1000, 12)):
            rng = np.random.default_rng(n)
            mu = rng.normal(size=n)
            x = rng.normal(size=(n, t))
            y = [rng.normal(size=n)]
            for year in range(1, t):
                y.append(0.5 * y[-1] + 0.4 * x[:, year] + mu + rng.normal(size=n))
            columns = {
                "unit": np.repeat(np.arange(n), t),
                "year": np.tile(np.arange(t), n),
            }
            yield case(
                kind,
                n,
                t,
                pd.DataFrame({**columns, "n": np.array(y).T.ravel(), "x": x.ravel()}),
            )


def case(kind: str, n: int, t: int, table: pd.DataFrame) -> dict[str, Any]:
    def ours() -> Any:
        values = table.to_numpy()
        values = values[np.lexsort((values[:, 1], values[:, 0]))]
        y = values[:, 2].reshape(n, t)
        x = values[:, 3].reshape(n, t, 1)
        x = np.concatenate([x, np.ones((n, t, 1))], axis=-1) if kind == "system" else x
        fit = dynamic_gmm(y, SPECS[kind], x)
        return fit.beta, fit.std_errors, fit.hansen.statistic

    def pydynpd() -> Any:
        from pydynpd import regression

        np.in1d = np.isin
        command = (
            "n L(1:1).n x | gmm(n, 2:3) iv(x) |"
            f" {'nolevel ' if kind == 'difference' else ''}collapse"
        )
        with contextlib.redirect_stdout(io.StringIO()):
            model = regression.abond(command, table, ["unit", "year"]).models[0]
        label = model.regression_table
        return (
            label["coefficient"].to_numpy(),
            label["std_err"].to_numpy(),
            model.hansen.test_value,
        )

    def check(result: dict[str, Any]) -> None:
        for other in result.values():
            for selected, theirs in zip(result["ours"], other, strict=True):
                np.testing.assert_allclose(selected, theirs, rtol=1e-6)

    return {"what": f"{kind}, {n:,} units, {t} years", "ours": ours, "peers": {"pydynpd": pydynpd}, "check": check,
            "asked": {"pydynpd": 10.0}}  # fmt: skip
