"""Specifications of the comparison of growth before and after a regional programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.study.errors import EstimateError

Years = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WestSpec:
    """One programme, its two spans of years and what is compared."""

    id: str  # name, role of the difference, sample, hypothesis or claim
    role: str
    sample: str
    hypothesis: str
    programme: str  # programme of programmes.csv
    beside: tuple[str, ...]
    before: Years  # first and last year of growth of each span
    after: Years
    given: tuple[str, ...]  # columns of units.csv held fixed
    placebos: tuple[tuple[Years, Years], ...]  # dates at which nothing of the kind began
    exposure: str  # weights of the interaction with neighbours' clusters; empty for none


def parse_west_specs(items: list[Mapping[str, Any]]) -> list[WestSpec]:
    """Read the specifications from the config."""
    return [_spec(item) for item in items]


def _spec(item: Mapping[str, Any]) -> WestSpec:
    before, after = _spans(item["before"], item["after"], item["id"])
    placebos = tuple(_spans(one, two, item["id"]) for one, two in item["placebos"])
    return WestSpec(item["id"], item["role"], item["sample"], item["hypothesis"], item["programme"],
                    tuple(item["beside"]), before, after, tuple(item["given"]), placebos, item["exposure"])  # fmt: skip


def _spans(before: list[int], after: list[int], name: str) -> tuple[Years, Years]:
    if not before[0] <= before[1] < after[0] <= after[1]:
        raise EstimateError(f"spans {before} and {after} of west {name} are not in order", "one span, then the other",
                            "mend them in config.yaml")  # fmt: skip
    return (before[0], before[1]), (after[0], after[1])
