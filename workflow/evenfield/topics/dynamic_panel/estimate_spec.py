"""Specifications of the dynamic panel, read from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, check_names, checked_items, placed
from evenfield.study.errors import EstimateError

DYNAMIC_KEYS = ("id", "span", "periods", "sample", "unit_scheme", "role", "gmm_last_lag", "draws")
SPEED_SESOI = "speed_pp"
DEFAULT_SESOI = 1.0


@dataclass(frozen=True, slots=True)
class DynamicSpec:
    """One specification of the dynamic panel."""

    id: str  # name
    span: int  # years between two dates, a multiple of the study's step
    periods: tuple[str, ...]  # periods; empty for all
    sample: str  # sample, unit scheme, role of the headline in the tables
    unit_scheme: str
    role: str = "robustness"
    gmm_last_lag: int = 3  # last lag of the level that instruments differences in GMM
    draws: int = 1999  # draws of units for the intervals


@dataclass(frozen=True, slots=True)
class DynamicSettings:
    """What all specifications share."""

    level: float = 0.95  # level of the intervals and power of the minimum detectable speeds
    power: float = 0.8
    seed: int = 2011  # base seed
    sesoi: float = DEFAULT_SESOI  # smallest speed of interest, % a year


def parse_dynamic_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], periods: Sequence[str], default_scheme: str
) -> tuple[DynamicSpec, ...]:
    """Read ``estimates.dynamic`` of the config."""
    items = checked_items(section, DYNAMIC_KEYS, "estimates.dynamic")
    return tuple(_parsed(item, schemes, periods, default_scheme) for item in items)


def _parsed(
    item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], periods: Sequence[str], default_scheme: str
) -> DynamicSpec:
    where = f"estimates.dynamic.{item['id']}"
    place = placed(item, schemes, default_scheme, where)
    step = schemes[place["unit_scheme"]].step
    chosen = item.get("periods", [])
    if isinstance(chosen, str):
        raise EstimateError(f"{where}.periods holds the text '{chosen}'", "a list of periods", "put it in brackets")
    check_names(chosen, periods, f"{where}.periods")
    span = _whole(item.get("span", step), 1, f"{where}.span")
    if span % step:
        raise EstimateError(f"{where}.span is {span} years", f"a multiple of the step of {step} years",
                            "correct the span in config.yaml")  # fmt: skip
    last = _whole(item.get("gmm_last_lag", 3), 2, f"{where}.gmm_last_lag")
    draws = _whole(item.get("draws", 1999), 99, f"{where}.draws")
    return DynamicSpec(item["id"], span, tuple(chosen), gmm_last_lag=last, draws=draws, **place)


def _whole(value: Any, least: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise EstimateError(f"{where} is {value!r}", f"a whole number of at least {least}", f"correct {where}")
    return value


def parse_dynamic_settings(
    sesoi: Mapping[str, float] | None, inference: Mapping[str, Any], power: float
) -> DynamicSettings:
    """Read what all specifications share."""
    speed = float((sesoi or {}).get(SPEED_SESOI, DEFAULT_SESOI))
    return DynamicSettings(float(inference["conf_level"]), power, int(inference["seed"]), speed)
