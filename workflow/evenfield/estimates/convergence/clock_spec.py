"""Specifications of the convergence clock, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.contracts.errors import EstimateError
from evenfield.estimates.convergence.common import SchemeInfo, checked_items, placed

CLOCK_KEYS = ("id", "windows", "most_breaks", "trim", "sample", "unit_scheme", "role")


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """One specification of the convergence clock.

    Attributes
    ----------
    id : str
        Name.
    sample, unit_scheme, role : str
        Sample, unit scheme and role in the tables.
    windows : tuple of int
        Lengths of the rolling windows in years.
    most_breaks : int
        Largest number of breaks in the path of sigma.
    trim : float
        Share of the dates that each side of a break must hold.
    """

    id: str
    sample: str
    unit_scheme: str
    role: str = "exploratory"
    windows: tuple[int, ...] = (10, 15)
    most_breaks: int = 3
    trim: float = 0.15


def parse_clock_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[ClockSpec, ...]:
    """Read ``estimates.clock`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys ``id``, ``windows``, ``most_breaks``, ``trim``, ``sample``, ``unit_scheme``, ``role``.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of ClockSpec

    Raises
    ------
    EstimateError
        If a key, sample or unit scheme is unknown, an id is used twice, or a number is out of range.
    """
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
