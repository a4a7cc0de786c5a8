"""Convergence clubs of planted groups, 30 years; the same members first."""

import warnings
from typing import Any

import numpy as np

from evenfield.numerics.clubs import SieveRule, find_clubs
from evenfield.numerics.logt import regression_periods

TITLE = "Log t clubs, 30 years"
T = 30
DISCARDED = 10
STEP = 0.1
CAP = 3.0
SHAPES = {31: (2, 1.5), 150: (3, 3.0), 1000: (12, 8.0)}


def cases(smoke: bool) -> Any:
    for n, (planted, goal) in list(SHAPES.items())[: 1 if smoke else None]:
        rng = np.random.default_rng(n)
        level = 8 + 0.6 * rng.integers(0, planted, n)[:, None]
        gap = rng.normal(0, 0.3, (n, 1)) * np.exp(-0.08 * np.arange(T))
        x = np.exp(
            level
            + gap
            + 0.02 * np.arange(T)
            + np.cumsum(rng.normal(0, 0.002, (n, T)), axis=1)
        )

        def ours(x: np.ndarray = x) -> Any:
            result = find_clubs(
                x, regression_periods(T, DISCARDED), sieve=SieveRule(0.0, STEP, CAP)
            ).clubs
            return {frozenset(club.members) for club in result}, [
                club.t for club in result
            ]

        def theirs(x: np.ndarray = x) -> Any:
            import pandas as pd
            from convergence_clubs import find_clubs as other

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = other(
                    pd.DataFrame(x),
                    cstar_method="incremental",
                    cstar_increment=STEP,
                    cstar_cap=CAP,
                ).clubs
            return {frozenset(club.ids) for club in result}, [
                club.model.t_value for club in result
            ]

        def check(result: dict[str, Any]) -> None:
            for members, t in result.values():
                assert members == result["ours"][0]
                np.testing.assert_allclose(t, result["ours"][1], rtol=1e-7)

        yield {"what": f"{n:,} units", "ours": ours, "peers": {"convergence-clubs": theirs}, "check": check,
               "asked": {"convergence-clubs": goal}}  # fmt: skip
