"""Specifications of the pre-flight, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, checked_items, placed
from evenfield.study.errors import EstimateError

PREFLIGHT_KEYS = ("id", "lags", "size", "sample", "unit_scheme", "role")
PREFLIGHT_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "kind", "scope", "check", "variable", "statistic", "p_value", "low", "high",
    "rule", "decision",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreflightSpec:
    """One specification of the pre-flight."""

    id: str  # name
    sample: str  # sample, unit scheme and role in the tables
    unit_scheme: str
    role: str = "exploratory"
    lags: int | None = None  # lagged differences of the unit root regressions; by length when absent
    size: float = 0.05  # level at which the rule takes a test as a rejection


def parse_preflight_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[PreflightSpec, ...]:
    """Read ``estimates.preflight`` of the config."""
    items = checked_items(section, PREFLIGHT_KEYS, "estimates.preflight")
    return tuple(_parsed(item, schemes, default_scheme) for item in items)


def _parsed(item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], default_scheme: str) -> PreflightSpec:
    where, lags, size = f"estimates.preflight.{item['id']}", item.get("lags"), item.get("size", 0.05)
    if lags is not None and (not isinstance(lags, int) or lags < 0):
        raise EstimateError(f"{where}.lags is {lags!r}", "a whole number, 0 or more", "correct config.yaml")
    if not isinstance(size, float) or not 0 < size < 1:
        raise EstimateError(f"{where}.size is {size!r}", "a share between 0 and 1", "correct config.yaml")
    placement = placed({"role": "exploratory", **item}, schemes, default_scheme, where)
    return PreflightSpec(item["id"], lags=lags, size=size, **placement)
