"""Specifications of the spatial pattern, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, checked_items, placed
from evenfield.study.errors import EstimateError

PATTERN_KEYS = ("id", "regions", "taxonomies", "discovery_rate", "sample", "unit_scheme", "role")
PATTERN_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "kind", "variable", "controls", "year", "unit", "value", "expected",
    "band_low", "band_high", "p_value", "p_adjusted", "q_value", "quadrant", "basis",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """One specification of the spatial pattern."""

    id: str  # name
    sample: str  # sample, unit scheme and role in the tables
    unit_scheme: str
    role: str = "exploratory"
    regions: str = ""  # column of the units with regions whose means are also taken out; empty for none
    taxonomies: tuple[str, ...] = ()  # taxonomies whose clusters and zones are placed on the map
    discovery_rate: float = 0.05  # false discovery rate at which a local Moran counts


def parse_pattern_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[PatternSpec, ...]:
    """Read ``estimates.pattern`` of the config."""
    items = checked_items(section, PATTERN_KEYS, "estimates.pattern")
    return tuple(_parsed(item, schemes, default_scheme) for item in items)


def _parsed(item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], default_scheme: str) -> PatternSpec:
    where, rate = f"estimates.pattern.{item['id']}", item.get("discovery_rate", 0.05)
    taxonomies = item.get("taxonomies", [])
    if isinstance(taxonomies, str):
        raise EstimateError(f"{where}.taxonomies holds the text '{taxonomies}'", "a list", "put it in brackets")
    if not isinstance(rate, float) or not 0 < rate < 1:
        raise EstimateError(f"{where}.discovery_rate is {rate!r}", "a share between 0 and 1", "correct config.yaml")
    placement = placed({"role": "exploratory", **item}, schemes, default_scheme, where)
    return PatternSpec(item["id"], regions=str(item.get("regions", "")), taxonomies=tuple(taxonomies),
                       discovery_rate=rate, **placement)  # fmt: skip
