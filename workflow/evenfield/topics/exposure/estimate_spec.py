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
    """One specification of the exposure regression."""

    id: str  # as in ``estimates.exposure`` of the config
    taxonomy: str
    weights: str
    role: str = "robustness"
    regimes: tuple[str, ...] = ("cluster", "sez")  # ``cluster``, ``sez``, ``park``, ``zone``
    zones: str = LIST
    neighbours: str = "equal"  # ``equal``, or ``population``

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
    """Smallest effects of interest."""

    own: float  # own premium, pp/yr
    difference: float
    per_sd: float


def parse_exposure_specs(items: list[Mapping[str, Any]]) -> list[ExposureSpec]:
    """Read the specifications from the config."""
    return [
        ExposureSpec(item["id"], item["taxonomy"], item["weights"], item.get("role", "robustness"),
                     tuple(item.get("regimes", ("cluster", "sez"))), item.get("zones", LIST),
                     item.get("neighbours", "equal"))
        for item in items
    ]  # fmt: skip


def parse_interests(sesoi: Mapping[str, float]) -> Interests:
    """Read the smallest effects of interest from the config."""
    return Interests(sesoi["growth_premium_pp"], sesoi["spillover_difference_pp"], sesoi["spillover_per_sd_pp"])
