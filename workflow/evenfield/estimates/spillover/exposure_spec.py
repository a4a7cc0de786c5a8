"""Specifications of the exposure regressions: which regimes, how zones are measured, who counts as a neighbour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ZONE_COLUMNS = {"sez": "zones_sez", "park": "zones_hidz", "zone": "zones_state"}
LIST, NUMBER, DOCUMENTED = "list", "number", "documented"
PRESENT = 0.5


@dataclass(frozen=True, slots=True)
class ExposureSpec:
    """One specification of the exposure regression.

    Attributes
    ----------
    id, taxonomy, weights, role : str
        As in ``estimates.exposure`` of the config.
    regimes : tuple of str
        ``cluster``, ``sez``, ``park``, ``zone``; the contrast is the first minus the second.
    zones : str
        ``list`` (a unit has the regime or not), ``number`` or ``documented`` (mean number of zones in force in the
        period, all of them or without years of grade C).
    neighbours : str
        ``equal``, or ``population``: the weights times the neighbours' population at the start of the period.
    """

    id: str
    taxonomy: str
    weights: str
    role: str = "robustness"
    regimes: tuple[str, ...] = ("cluster", "sez")
    zones: str = LIST
    neighbours: str = "equal"

    @property
    def own(self) -> tuple[str, ...]:
        """Columns of the own regimes."""
        return tuple(f"own_{regime}" for regime in self.regimes)

    @property
    def exposures(self) -> tuple[str, ...]:
        """Names of the neighbours' regimes."""
        return tuple(f"exposure_{regime}" for regime in self.regimes)

    @property
    def counted(self) -> bool:
        """Whether zones are counted, so that coefficients are comparable per standard deviation only."""
        return self.zones != LIST

    @property
    def treatment(self) -> str:
        """The taxonomy and how zones are measured."""
        return self.taxonomy + (f", zones by {self.zones} in force" if self.counted else "")


@dataclass(frozen=True, slots=True)
class Interests:
    """Smallest effects of interest.

    Attributes
    ----------
    own, difference, per_sd : float
        Own premium, pp/yr; difference of two exposure coefficients, pp/yr per exposure 0 to 1; an exposure
        coefficient, pp/yr per standard deviation of the exposure.
    """

    own: float
    difference: float
    per_sd: float


def parse_exposure_specs(items: list[Mapping[str, Any]]) -> list[ExposureSpec]:
    """Read the specifications from the config.

    Parameters
    ----------
    items : list of mapping
        ``estimates.exposure`` of the config.

    Returns
    -------
    list of ExposureSpec
    """
    return [
        ExposureSpec(item["id"], item["taxonomy"], item["weights"], item.get("role", "robustness"),
                     tuple(item.get("regimes", ("cluster", "sez"))), item.get("zones", LIST),
                     item.get("neighbours", "equal"))
        for item in items
    ]  # fmt: skip


def parse_interests(sesoi: Mapping[str, float]) -> Interests:
    """Read the smallest effects of interest from the config.

    Parameters
    ----------
    sesoi : mapping
        ``sesoi`` of the config.

    Returns
    -------
    Interests
    """
    return Interests(sesoi["growth_premium_pp"], sesoi["spillover_difference_pp"], sesoi["spillover_per_sd_pp"])
