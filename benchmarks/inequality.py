"""Permutation test of the between part of Theil's index, eight groups; the between part
agrees.
"""

import warnings
from typing import Any

import numpy as np

from evenfield.numerics.inequality_draws import between_test

TITLE = "Theil's between part, 999 permutations, 8 groups"
TEXT = "Their index is unweighted, so ours gets ones as weights."
DRAWS = 999


def cases(smoke: bool) -> Any:
    for n in (31,) if smoke else (31, 300, 2800):
        income = np.exp(np.random.default_rng(n).normal(9, 0.5, n))
        groups = np.arange(n) % 8

        def ours(y: np.ndarray = income, g: np.ndarray = groups) -> Any:
            test = between_test(
                y, np.ones(len(y)), g, rng=np.random.default_rng(1), draws=DRAWS
            )
            return test.between, test.p_value

        def theirs(y: np.ndarray = income, g: np.ndarray = groups) -> Any:
            from inequality.theil import TheilDSim

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                test = TheilDSim(y, g, DRAWS)
            return float(np.ravel(test.bg[0])[0]), float(np.ravel(test.bg_pvalue)[0])

        def check(result: dict[str, Any]) -> None:
            for between, p in result.values():
                np.testing.assert_allclose(result["ours"][0], between, rtol=1e-9)
                assert abs(result["ours"][1] - p) < 4 * np.sqrt(
                    0.5 / DRAWS
                )  # other draws

        yield {"what": f"{n:,} units", "ours": ours, "peers": {"inequality": theirs}, "check": check,
               "asked": {"inequality": 15.0} if n < 1000 else {}}  # fmt: skip
