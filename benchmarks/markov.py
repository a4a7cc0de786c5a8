"""P10: spatial Markov test with permutations, 48 states x 81 years, ours against giddy; statistics checked first.

giddy's draws shuffle something simpler than whole trajectories, so the p-values differ by design; Q, LR and degrees of
freedom agree.
"""

import os
import warnings
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from evenfield.numerics.markov import (  # noqa: E402
    classes_of,
    quantile_cutoffs,
    spatial_markov_test,
)

ID = "P10"
SIZES = {f"{draws} draws": {"draws": draws} for draws in (99, 999, 9999)}
SMOKE = ("99 draws",)
GOALS = {size: {"giddy": 20.0} for size in ("99 draws", "999 draws")}
PEERS = ("giddy",)
NEEDS = {"giddy": "giddy"}
SKIP = {"9999 draws": PEERS}
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"


def setup(size: str) -> tuple[np.ndarray, np.ndarray, int]:
    data = pd.read_csv(GOLDEN / "us_states" / "data.csv")
    income = data.pivot(index="state", columns="year", values="income_per_head_usd").astype(float)
    links = pd.DataFrame(0.0, index=income.index, columns=income.index)
    for a, b in pd.read_csv(GOLDEN / "us_markov" / "contiguity.csv").itertuples(index=False):
        links.loc[a, b] = links.loc[b, a] = 1.0
    return (income / income.mean()).to_numpy(), links.div(links.sum(axis=1), axis=0).to_numpy(), SIZES[size]["draws"]


def ours(data: tuple[np.ndarray, np.ndarray, int]) -> tuple[float, float, int]:
    values, W, draws = data
    classes = classes_of(values, quantile_cutoffs(values, 5))
    test = spatial_markov_test(values, classes, W, k=5, m=5, rng=np.random.default_rng(1), draws=draws)
    return test.q, test.lr, test.df


def giddy(data: tuple[np.ndarray, np.ndarray, int]) -> tuple[float, float, int]:
    from giddy.markov import Spatial_Markov
    from libpysal.weights import full2W

    values, W, draws = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = full2W(W)
        weights.transform = "r"
        test = Spatial_Markov(values, weights, k=5, m=5, fixed=True, permutations=draws)
        return test.Q, test.LR, test.dof_hom


IMPLEMENTATIONS: dict[str, Any] = {"ours": ours, "giddy": giddy}


def check(_data: Any, results: dict[str, Any]) -> None:
    for other in results.values():
        np.testing.assert_allclose(results["ours"], other, rtol=1e-7)
