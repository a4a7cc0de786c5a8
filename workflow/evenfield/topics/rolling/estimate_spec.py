"""Specifications of the convergence clock, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, checked_items, placed
from evenfield.study.errors import EstimateError

CLOCK_KEYS = ("id", "windows", "most_breaks", "trim", "sample", "unit_scheme", "role")


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """One specification of the convergence clock."""

    id: str  # name
    sample: str  # sample, unit scheme and role in the tables
    unit_scheme: str
    role: str = "exploratory"
    windows: tuple[int, ...] = (10, 15)  # lengths of the rolling windows in years
    most_breaks: int = 3  # largest number of breaks in the path of sigma
    trim: float = 0.15  # share of the dates that each side of a break must hold


def parse_clock_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[ClockSpec, ...]:
    """Read ``estimates.clock`` of the config."""
    return tuple(
        _parsed(item, schemes, default_scheme) for item in checked_items(section, CLOCK_KEYS, "estimates.clock")
    )


def _parsed(item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], default_scheme: str) -> ClockSpec:
    where = f"estimates.clock.{item['id']}"
    windows = item.get("windows", [10, 15])
    whole = isinstance(windows, list) and windows and all(isinstance(w, int) and w > 0 for w in windows)
    if not whole or len(set(windows)) != len(windows):
        raise EstimateError(f"{where}.windows holds {windows!r}", "different lengths in years", "correct config.yaml")
    most, trim = item.get("most_breaks", 3), float(item.get("trim", 0.15))
    if not isinstance(most, int) or most < 0 or not 0 < trim < 0.5:
        raise EstimateError(f"{where} has most_breaks {most!r} and trim {trim:g}",
                            "breaks of 0 or more, trim between 0 and .5", "correct config.yaml")  # fmt: skip
    item = {"role": "exploratory", **item}
    return ClockSpec(item["id"], windows=tuple(windows), most_breaks=most, trim=trim,
                     **placed(item, schemes, default_scheme, where))  # fmt: skip
