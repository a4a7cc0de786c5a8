"""Workload P7: convergence clubs, N units x 30 years, ours against convergence-clubs (numbers checked before timing).

``setup(size)`` makes the data, ``implementations(data)`` the contestants, ``check(results)`` compares them. Run alone,
``python benchmarks/clubs.py``, it prints one JSON line for each size: median, least and most of interleaved rounds.
"""

import json
import os
import statistics
import sys
import time
import warnings

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from evenfield.numerics.clubs.clustering import SieveRule, find_clubs  # noqa: E402
from evenfield.numerics.logt import regression_periods  # noqa: E402

WORKLOAD = "P7"
SIZES = (31, 150, 1000)
TARGETS = {31: 1.5, 150: 3.0, 1000: 8.0}
T = 30


def setup(size):
    rng = np.random.default_rng(size)
    clubs = 2 + size // 100
    level = 8 + 0.6 * rng.integers(0, clubs, size)[:, None]
    gap = rng.normal(0, 0.3, (size, 1)) * np.exp(-0.08 * np.arange(T))
    return np.exp(level + gap + 0.02 * np.arange(T) + np.cumsum(rng.normal(0, 0.002, (size, T)), axis=1))


def ours(data):
    found = find_clubs(data, regression_periods(T, 10), sieve=SieveRule(0.0, 0.1, 3.0))
    return [set(club.members) for club in found.clubs], [club.t for club in found.clubs], set(found.divergent)


def convergence_clubs(data):
    import pandas as pd
    from convergence_clubs import find_clubs as theirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = theirs(pd.DataFrame(data), cstar_method="incremental", cstar_increment=0.1, cstar_cap=3.0)
    return [set(c.ids) for c in found.clubs], [c.model.t_value for c in found.clubs], set(found.divergent_ids)


def implementations(size):
    return {"ours": ours, "convergence-clubs": convergence_clubs}


def check(results):
    first, *others = results.values()
    for other in others:
        assert first[0] == other[0], "members differ"
        assert first[2] == other[2], "divergent units differ"
        np.testing.assert_allclose(first[1], other[1], rtol=1e-7)


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
        ratios = {name: statistics.median(b / a for a, b in zip(seconds["ours"], times, strict=True))
                  for name, times in seconds.items() if name != "ours"}  # fmt: skip
        line = {"workload": WORKLOAD, "size": size, "rounds": rounds, "ratio": ratios, "target": TARGETS[size],
                "median": {name: statistics.median(times) for name, times in seconds.items()},
                "least": {name: min(times) for name, times in seconds.items()},
                "most": {name: max(times) for name, times in seconds.items()}}  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
