"""Workload P10a: spatial Markov test with permutations, 48 states x 81 years, ours against giddy.

giddy needs its own environment: run this file with an interpreter that has giddy and the library on its path. Numbers
(Q, LR, degrees of freedom) are checked before timing. giddy's draws shuffle something simpler than whole trajectories,
so only the statistics, not the p-values, are compared.
"""

import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from evenfield.numerics.markov import classes_of, quantile_cutoffs  # noqa: E402
from evenfield.numerics.spatial_markov import spatial_markov_test  # noqa: E402

WORKLOAD = "P10a"
SIZES = (99, 999)
TARGETS = dict.fromkeys(SIZES, 20.0)
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"


def setup(size):
    data = pd.read_csv(GOLDEN / "us_states" / "data.csv")
    income = data.pivot(index="state", columns="year", values="income_per_head_usd").astype(float)
    links = pd.DataFrame(0.0, index=income.index, columns=income.index)
    for a, b in pd.read_csv(GOLDEN / "us_markov" / "contiguity.csv").itertuples(index=False):
        links.loc[a, b] = links.loc[b, a] = 1.0
    return (income / income.mean()).to_numpy(), links.div(links.sum(axis=1), axis=0).to_numpy(), size


def ours(data):
    values, W, draws = data
    classes = classes_of(values, quantile_cutoffs(values, 5))
    test = spatial_markov_test(values, classes, W, k=5, m=5, rng=np.random.default_rng(1), draws=draws)
    return test.q, test.lr, test.df


def giddy(data):
    from giddy.markov import Spatial_Markov
    from libpysal.weights import full2W

    values, W, draws = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = full2W(W)
        weights.transform = "r"
        test = Spatial_Markov(values, weights, k=5, m=5, fixed=True, permutations=draws)
        return test.Q, test.LR, test.dof_hom


def implementations(size):
    return {"ours": ours, "giddy": giddy}


def check(results):
    first, *others = results.values()
    for other in others:
        np.testing.assert_allclose(first, other, rtol=1e-7)


def main(rounds=3):
    for size in SIZES:
        data, contestants = setup(size), implementations(size)
        check({name: run(data) for name, run in contestants.items()})
        seconds = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, run in contestants.items():
                start = time.perf_counter()
                run(data)
                seconds[name].append(time.perf_counter() - start)
        ratio = statistics.median(b / a for a, b in zip(seconds["ours"], seconds["giddy"], strict=True))
        median = {name: statistics.median(times) for name, times in seconds.items()}
        line = {"workload": WORKLOAD, "size": size, "rounds": rounds, "ratio": {"giddy": ratio},
                "target": TARGETS[size], "median": median}  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
