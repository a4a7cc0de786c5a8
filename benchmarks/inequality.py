"""Workload P10b: permutation test of the between part of Theil, N regions in 8 groups, ours against inequality.

inequality needs its own environment: run this file with an interpreter that has it and the library on its path. Its
Theil is unweighted, so ours gets ones as weights. The between part is checked before timing.
"""

import importlib
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

from evenfield.numerics.inequality_draws import between_test  # noqa: E402

WORKLOAD = "P10b"
SIZES = (31, 300)
TARGETS = dict.fromkeys(SIZES, 15.0)
DRAWS = 999


def setup(size):
    rng = np.random.default_rng(size)
    return np.exp(rng.normal(9, 0.5, size)), np.arange(size) % 8


def ours(data):
    income, groups = data
    test = between_test(income, np.ones(len(income)), groups, rng=np.random.default_rng(1), draws=DRAWS)
    return test.between, test.p_value


def inequality(data):
    # This file has the name of the package: its own folder must not be searched.
    here = str(Path(__file__).parent)
    path, sys.path[:] = list(sys.path), [entry for entry in sys.path if entry not in {here, ""}]
    sys.modules.pop("inequality", None)
    theil = importlib.import_module("inequality.theil")
    sys.path[:] = path
    income, groups = data
    np.random.seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = theil.TheilDSim(income, groups, DRAWS)
    return float(np.ravel(test.bg[0])[0]), float(np.ravel(test.bg_pvalue)[0])


def implementations(size):
    return {"ours": ours, "inequality": inequality}


def check(results):
    (between, p), *others = results.values()
    for other, other_p in others:
        np.testing.assert_allclose(between, other, rtol=1e-9)
        # Two independent sets of 999 draws: four standard errors apart at most.
        assert abs(p - other_p) < 4 * np.sqrt(2 * 0.25 / DRAWS)


def main(rounds=5):
    for size in SIZES:
        data, contestants = setup(size), implementations(size)
        check({name: run(data) for name, run in contestants.items()})
        seconds = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, run in contestants.items():
                start = time.perf_counter()
                run(data)
                seconds[name].append(time.perf_counter() - start)
        ratio = statistics.median(b / a for a, b in zip(seconds["ours"], seconds["inequality"], strict=True))
        median = {name: statistics.median(times) for name, times in seconds.items()}
        line = {"workload": WORKLOAD, "size": size, "rounds": rounds, "ratio": {"inequality": ratio},
                "target": TARGETS[size], "median": median}  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
