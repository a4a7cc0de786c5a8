"""Specifications of the dynamic panel, read from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenfield.contracts.errors import EstimateError
from evenfield.estimates.convergence.common import SchemeInfo, check_names, checked_items, placed

DYNAMIC_KEYS = ("id", "span", "periods", "sample", "unit_scheme", "role", "gmm_last_lag", "draws")
SPEED_SESOI = "speed_pp"
DEFAULT_SESOI = 1.0


@dataclass(frozen=True, slots=True)
class DynamicSpec:
    """One specification of the dynamic panel.

    Attributes
    ----------
    id : str
        Name.
    span : int
        Years between two dates, a multiple of the study's step.
    periods : tuple of str
        Periods; empty for all.
    sample, unit_scheme, role : str
        Sample, unit scheme, role of the headline in the tables.
    gmm_last_lag : int
        Last lag of the level that instruments differences in GMM.
    draws : int
        Draws of units for the intervals.
    """

    id: str
    span: int
    periods: tuple[str, ...]
    sample: str
    unit_scheme: str
    role: str = "robustness"
    gmm_last_lag: int = 3
    draws: int = 1999


@dataclass(frozen=True, slots=True)
class DynamicSettings:
    """What all specifications share.

    Attributes
    ----------
    level, power : float
        Level of the intervals and power of the minimum detectable speeds.
    seed : int
        Base seed.
    sesoi : float
        Smallest speed of interest, % a year.
    """

    level: float = 0.95
    power: float = 0.8
    seed: int = 2011
    sesoi: float = DEFAULT_SESOI


def parse_dynamic_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], periods: Sequence[str], default_scheme: str
) -> tuple[DynamicSpec, ...]:
    """Read ``estimates.dynamic`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys ``DYNAMIC_KEYS``.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples and step.
    periods : sequence of str
        Periods of the study.
    default_scheme : str
        Unit scheme of entries that name none.

    Returns
    -------
    tuple of DynamicSpec

    Raises
    ------
    EstimateError
        If a key or name is unknown, an id is used twice, or the span is no multiple of the step.
    """
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
    """Read what all specifications share.

    Parameters
    ----------
    sesoi, inference : mapping
        ``sesoi`` (key ``speed_pp``) and ``inference`` of the config.
    power : float
        Power of the minimum detectable speeds.

    Returns
    -------
    DynamicSettings
    """
    speed = float((sesoi or {}).get(SPEED_SESOI, DEFAULT_SESOI))
    return DynamicSettings(float(inference["conf_level"]), power, int(inference["seed"]), speed)
