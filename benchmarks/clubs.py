"""P7: convergence clubs, N units x 30 years, ours against convergence-clubs and geometrics; members checked first."""

import os
import warnings
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from evenfield.numerics.clubs import SieveRule, find_clubs  # noqa: E402
from evenfield.numerics.logt import regression_periods  # noqa: E402

ID = "P7"
T, DISCARDED, STEP, CAP = 30, 10, 0.1, 3.0
PLANTED = {31: 2, 150: 3, 1000: 12, 300: 5, 2800: 5}  # time grows with units times clubs: the scaling pair has as many
SIZES = {str(n): {"units": n, "years": T, "clubs": k, "group": "clubs"} for n, k in PLANTED.items()}
SMOKE = ("31", "150")
GOALS = {
    size: {"convergence-clubs": goal, "geometrics": goal} for size, goal in {"31": 1.5, "150": 3.0, "1000": 8.0}.items()
}
PEERS = ("convergence-clubs", "geometrics")
NEEDS = {"convergence-clubs": "convergence_clubs", "geometrics": "geometrics"}
SKIP = {"2800": PEERS}


def setup(size: str) -> np.ndarray:
    n = SIZES[size]["units"]
    rng = np.random.default_rng(n)
    level = 8 + 0.6 * rng.integers(0, PLANTED[n], n)[:, None]
    gap = rng.normal(0, 0.3, (n, 1)) * np.exp(-0.08 * np.arange(T))
    return np.exp(level + gap + 0.02 * np.arange(T) + np.cumsum(rng.normal(0, 0.002, (n, T)), axis=1))


def ours(data: np.ndarray) -> tuple[set[frozenset[int]], list[float]]:
    found = find_clubs(data, regression_periods(T, DISCARDED), sieve=SieveRule(0.0, STEP, CAP))
    return {frozenset(club.members) for club in found.clubs}, [club.t for club in found.clubs]


def convergence_clubs(data: np.ndarray) -> tuple[set[frozenset[int]], list[float]]:
    import pandas as pd
    from convergence_clubs import find_clubs as theirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = theirs(pd.DataFrame(data), cstar_method="incremental", cstar_increment=STEP, cstar_cap=CAP)
    return {frozenset(club.ids) for club in found.clubs}, [club.model.t_value for club in found.clubs]


def geometrics(data: np.ndarray) -> tuple[set[frozenset[int]], list[float]]:
    """Time its clustering alone; the public function also draws figures, which costs it another second."""
    from geometrics.clubs import _get_clusters

    labels = _get_clusters(data, DISCARDED / T, -1.65, 0.0, STEP, CAP, 0.0, False)
    groups: dict[int, set[int]] = {}
    for unit, club in labels.items():
        groups.setdefault(club, set()).add(unit)
    return {frozenset(members) for members in groups.values()}, []


IMPLEMENTATIONS: dict[str, Any] = {"ours": ours, "convergence-clubs": convergence_clubs, "geometrics": geometrics}


def check(_data: np.ndarray, results: dict[str, Any]) -> None:
    members, t = results["ours"]
    for name, (others, other_t) in results.items():
        assert members == others, f"{name} finds other clubs"
        if other_t:
            np.testing.assert_allclose(t, other_t, rtol=1e-7)
