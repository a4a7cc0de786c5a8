"""Specifications of where clusters lie, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, check_role, checked_items
from evenfield.study.errors import EstimateError

GRADIENT_KEYS = ("id", "taxonomies", "regions", "east", "count", "stand_ins", "hypothesis", "role")


@dataclass(frozen=True, slots=True)
class GradientSpec:
    """One specification of the gradients of clusters."""

    id: str  # name, role of the deciding rows, and the hypothesis they speak to; empty for none
    taxonomies: tuple[str, ...]  # lists of cluster units; the first is the main one
    regions: str  # column of the units and its value for the East
    east: str
    count: str = ""  # measure of ``clusters.csv`` with a licensed count of clusters, whose gradients then decide
    stand_ins: tuple[str, ...] = ()  # other counts, reported beside
    hypothesis: str = ""  # name, role of the deciding rows, and the hypothesis they speak to; empty for none
    role: str = "exploratory"

    @property
    def counts(self) -> tuple[str, ...]:
        """All counts, the deciding one first."""
        return (*((self.count,) if self.count else ()), *(name for name in self.stand_ins if name != self.count))


def parse_gradient_specs(section: Any, scheme: SchemeInfo) -> tuple[GradientSpec, ...]:
    """Read ``estimates.gradient`` of the config."""
    items = checked_items(section, GRADIENT_KEYS, "estimates.gradient")
    return tuple(_parsed(item, f"estimates.gradient.{item['id']} (unit scheme {scheme.name})") for item in items)


def _parsed(item: Mapping[str, Any], where: str) -> GradientSpec:
    missing = [key for key in ("taxonomies", "regions", "east") if not item.get(key)]
    texts = [key for key in ("taxonomies", "stand_ins") if isinstance(item.get(key), str)]
    if missing or texts:
        fault = f"no {missing[0]}" if missing else f"{texts[0]} as one text"
        raise EstimateError(f"{where} has {fault}", "taxonomies as a list, regions, east", "correct config.yaml")
    lists = {key: tuple(item.get(key, ())) for key in ("taxonomies", "stand_ins")}
    role = check_role(item.get("role", "exploratory"), where)
    return GradientSpec(**{**item, **lists, "east": str(item["east"]), "role": role})
