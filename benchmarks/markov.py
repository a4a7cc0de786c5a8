"""Spatial Markov chain test, 48 American states, 81 years; Q, LR and degrees of freedom
agree.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.markov import classes_of, quantile_cutoffs, spatial_markov_test

TITLE = "Spatial Markov test with permutations, 48 units, 81 years"
TEXT = (
    "giddy's draws shuffle something simpler than whole paths, so that p-values differ"
    " by design."
)
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"


def cases(smoke: bool) -> Any:
    data = pd.read_csv(GOLDEN / "us_states" / "data.csv")
    income = data.pivot(
        index="state", columns="year", values="income_per_head_usd"
    ).astype(float)
    links = pd.DataFrame(0.0, index=income.index, columns=income.index)
    for a, b in pd.read_csv(GOLDEN / "us_markov" / "contiguity.csv").itertuples(
        index=False
    ):
        links.loc[a, b] = links.loc[b, a] = 1.0
    y = (income / income.mean()).to_numpy()
    W = links.div(links.sum(axis=1), axis=0).to_numpy()
    for draws in (99,) if smoke else (99, 999):

        def ours(draws: int = draws) -> Any:
            classes = classes_of(y, quantile_cutoffs(y, 5))
            test = spatial_markov_test(
                y, classes, W, k=5, m=5, rng=np.random.default_rng(1), draws=draws
            )
            return test.q, test.lr, test.df

        def giddy(draws: int = draws) -> Any:
            from giddy.markov import Spatial_Markov
            from libpysal.weights import full2W

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                w = full2W(W)
                w.transform = "r"
                test = Spatial_Markov(y, w, k=5, m=5, fixed=True, permutations=draws)
            return test.Q, test.LR, test.dof_hom

        def check(result: dict[str, Any]) -> None:
            for other in result.values():
                np.testing.assert_allclose(result["ours"], other, rtol=1e-7)

        yield {"what": f"{draws} permutations", "ours": ours, "peers": {"giddy": giddy}, "check": check,
               "asked": {"giddy": 20.0}}  # fmt: skip
