"""P10: permutation test of the between part of Theil, ours against inequality; between part and p checked first.

Their Theil is unweighted, so ours gets ones as weights. This file has the name of their package, so their package is
imported with this folder taken off the path.
"""

import importlib
import importlib.metadata
import os
import sys
import warnings
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from evenfield.numerics.inequality import between_test  # noqa: E402

ID = "P10"
DRAWS, GROUPS = 999, 8
SIZES = {str(n): {"units": n, "draws": DRAWS, "group": "Theil permutations"} for n in (31, 300, 2800)}
SMOKE = ("31", "300")
GOALS = {size: {"inequality": 15.0} for size in ("31", "300")}
PEERS = ("inequality",)


def setup(size: str) -> tuple[np.ndarray, np.ndarray]:
    n = SIZES[size]["units"]
    return np.exp(np.random.default_rng(n).normal(9, 0.5, n)), np.arange(n) % GROUPS


def ours(data: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    income, groups = data
    test = between_test(income, np.ones(len(income)), groups, rng=np.random.default_rng(1), draws=DRAWS)
    return test.between, test.p_value


def their_module() -> Any:
    here = Path(__file__).resolve().parent
    path, mine = list(sys.path), sys.modules.pop("inequality", None)
    sys.path[:] = [entry for entry in path if Path(entry).resolve() != here]
    try:
        return importlib.import_module("inequality.theil")
    finally:
        sys.path[:] = path
        if mine is not None:
            sys.modules["inequality"] = mine


def inequality(data: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    income, groups = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = THEIRS.TheilDSim(income, groups, DRAWS)
    return float(np.ravel(test.bg[0])[0]), float(np.ravel(test.bg_pvalue)[0])


IMPLEMENTATIONS: dict[str, Any] = {"ours": ours}
try:
    importlib.metadata.version("inequality")
except importlib.metadata.PackageNotFoundError:
    THEIRS = None
else:
    THEIRS = their_module()
    IMPLEMENTATIONS["inequality"] = inequality


def check(_data: Any, results: dict[str, Any]) -> None:
    between, p = results["ours"]
    for other, other_p in results.values():
        np.testing.assert_allclose(between, other, rtol=1e-9)
        # Two independent sets of draws: four standard errors apart at most.
        assert abs(p - other_p) < 4 * np.sqrt(2 * 0.25 / DRAWS)
