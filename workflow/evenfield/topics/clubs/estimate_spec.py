"""Settings of the clubs family and the trends that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.numerics.clubs.clustering import SieveRule
from evenfield.numerics.clubs.merging import MERGES
from evenfield.numerics.hp_filter import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics.long_run_variance import VARIANCES
from evenfield.shared.settings import SchemeInfo, check_names, checked_items, placed
from evenfield.study.errors import EstimateError

CLUBS_KEYS = (
    "id", "period", "sample", "unit_scheme", "role", "filter", "smoothing", "discard", "variance", "sort_share",
    "sieve_step", "sieve_cap", "merge", "divergent", "taxonomies",
)  # fmt: skip
FILTERS = ("hp", "boosted_hp", "hamilton", "none")
DIVERGENT = ("leave", "adopt")
THIRD = 1 / 3


@dataclass(frozen=True, slots=True)
class ClubsSpec:
    """One log t test with its clubs."""

    id: str  # as in the other families
    period: str
    sample: str
    unit_scheme: str
    role: str = "robustness"
    filter: str = "hp"  # ``hp``, ``boosted_hp``, ``hamilton`` or ``none``
    smoothing: float = 400.0  # annual penalty of the Hodrick-Prescott filter
    discard: float = THIRD  # share of first periods that the regression leaves out
    variance: str = "fqsb"  # long-run variance, ``fqsb`` or ``aqsb``
    sort_share: float = 0.0  # share of last periods whose mean sorts the units; zero is the last period
    sieve_step: float = 0.1  # how c* is raised while a club fails its own test; a step of zero never raises it
    sieve_cap: float = 50.0
    merge: str = "phillips_sul"  # ``phillips_sul``, ``von_lyncker_thoennessen`` or ``none``
    divergent: str = "leave"  # ``leave`` or ``adopt`` (von Lyncker and Thoennessen, algorithm 2)
    taxonomies: tuple[str, ...] = ()  # taxonomies whose cells are set against the clubs

    @property
    def sieve(self) -> SieveRule:
        """The rule by which candidates join a core."""
        return SieveRule(0.0, self.sieve_step, self.sieve_cap)


def parse_clubs_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[ClubsSpec, ...]:
    """Read ``estimates.clubs`` of the config."""
    specs = []
    for item in checked_items(section, CLUBS_KEYS, "estimates.clubs"):
        where = f"estimates.clubs.{item['id']}"
        filled = {"period": "", **item, **placed(item, schemes, default_scheme, where)}
        spec = ClubsSpec(**{**filled, "taxonomies": tuple(filled.get("taxonomies", ()))})
        _check(spec, where)
        specs.append(spec)
    return tuple(specs)


def _check(spec: ClubsSpec, where: str) -> None:
    choices = {"filter": FILTERS, "variance": tuple(VARIANCES), "merge": MERGES, "divergent": DIVERGENT}
    for key, known in choices.items():
        check_names([getattr(spec, key)], known, f"{where}.{key}")
    shares = 0 < spec.discard < 1 and 0 <= spec.sort_share <= 1
    if not (shares and spec.smoothing > 0 and spec.sieve_step >= 0 and spec.sieve_cap > 0):
        raise EstimateError(
            f"{where} holds smoothing {spec.smoothing:g}, discard {spec.discard:g}, sort_share {spec.sort_share:g}, "
            f"sieve_step {spec.sieve_step:g} and sieve_cap {spec.sieve_cap:g}",
            "a positive smoothing and cap, discard between 0 and 1, sort_share in [0, 1], a step of zero or more",
            "correct it in config.yaml",
        )


def trend_of(y: np.ndarray, spec: ClubsSpec, step: int) -> np.ndarray:
    """Return the trend of log incomes; y (N, T) -> (N, T)."""
    # ASSUME: with one observation every few years the penalty falls with the fourth power of the step (Ravn and
    # Uhlig 2002), so that the trend keeps the same waves.
    penalty = spec.smoothing / step**4
    if spec.filter == "hp":
        return hp_trend(y, penalty)
    if spec.filter == "boosted_hp":
        return boosted_hp_trend(y, penalty)
    return hamilton_trend(y, max(1, round(2 / step))) if spec.filter == "hamilton" else y
