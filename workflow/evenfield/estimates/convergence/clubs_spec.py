"""Settings of the clubs family and the trends that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.contracts.errors import EstimateError
from evenfield.estimates.convergence.common import SchemeInfo, check_names, checked_items, placed
from evenfield.numerics.clubs.clustering import SieveRule
from evenfield.numerics.clubs.merging import MERGES
from evenfield.numerics.hp_filter import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics.long_run_variance import VARIANCES

CLUBS_KEYS = (
    "id", "period", "sample", "unit_scheme", "role", "filter", "smoothing", "discard", "variance", "sort_share",
    "sieve_step", "sieve_cap", "merge", "divergent", "taxonomies",
)  # fmt: skip
FILTERS = ("hp", "boosted_hp", "hamilton", "none")
DIVERGENT = ("leave", "adopt")
THIRD = 1 / 3


@dataclass(frozen=True, slots=True)
class ClubsSpec:
    """One log t test with its clubs.

    Attributes
    ----------
    id, period, sample, unit_scheme, role : str
        As in the other families.
    filter : str
        ``hp``, ``boosted_hp``, ``hamilton`` or ``none``.
    smoothing : float
        Annual penalty of the Hodrick-Prescott filter.
    discard : float
        Share of first periods that the regression leaves out.
    variance : str
        Long-run variance, ``fqsb`` or ``aqsb``.
    sort_share : float
        Share of last periods whose mean sorts the units; zero is the last period.
    sieve_step, sieve_cap : float
        How c* is raised while a club fails its own test; a step of zero never raises it.
    merge : str
        ``phillips_sul``, ``von_lyncker_thoennessen`` or ``none``.
    divergent : str
        ``leave`` or ``adopt`` (von Lyncker and Thoennessen, algorithm 2).
    taxonomies : tuple of str
        Taxonomies whose cells are set against the clubs.
    """

    id: str
    period: str
    sample: str
    unit_scheme: str
    role: str = "robustness"
    filter: str = "hp"
    smoothing: float = 400.0
    discard: float = THIRD
    variance: str = "fqsb"
    sort_share: float = 0.0
    sieve_step: float = 0.1
    sieve_cap: float = 50.0
    merge: str = "phillips_sul"
    divergent: str = "leave"
    taxonomies: tuple[str, ...] = ()

    @property
    def sieve(self) -> SieveRule:
        """The rule by which candidates join a core."""
        return SieveRule(0.0, self.sieve_step, self.sieve_cap)


def parse_clubs_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[ClubsSpec, ...]:
    """Read ``estimates.clubs`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys as the attributes of ``ClubsSpec``; ``id`` and ``period`` are needed.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of ClubsSpec

    Raises
    ------
    EstimateError
        If a key, name or number is not valid, or an id is used twice.
    """
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
    """Return the trend of log incomes.

    Parameters
    ----------
    y : ndarray, shape (N, T)
        Log incomes.
    spec : ClubsSpec
        Names the filter.
    step : int
        Years between two periods.

    Returns
    -------
    ndarray, shape (N, T), or fewer periods after Hamilton's filter

    Raises
    ------
    NumericsError
        If the series are too short for the filter.
    """
    # ASSUME: with one observation every few years the penalty falls with the fourth power of the step (Ravn and
    # Uhlig 2002), so that the trend keeps the same waves.
    penalty = spec.smoothing / step**4
    if spec.filter == "hp":
        return hp_trend(y, penalty)
    if spec.filter == "boosted_hp":
        return boosted_hp_trend(y, penalty)
    return hamilton_trend(y, max(1, round(2 / step))) if spec.filter == "hamilton" else y
