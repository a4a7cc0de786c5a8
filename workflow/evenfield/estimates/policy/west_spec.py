"""Specifications of the comparison of growth before and after a regional programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.contracts.errors import EstimateError

Years = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WestSpec:
    """One programme, its two spans of years and what is compared.

    Attributes
    ----------
    id, role, sample, hypothesis : str
        Name, role of the difference, sample, hypothesis or claim.
    programme : str
        Programme of programmes.csv.
    beside : tuple of str
        Other programmes with a coefficient of their own, so that their units are not in the comparison group.
    before, after : tuple of int
        First and last year of growth of each span.
    given : tuple of str
        Columns of units.csv held fixed.
    placebos : tuple of pairs of spans
        Dates at which nothing of the kind began.
    exposure : str
        Weights of the interaction with neighbours' clusters; empty for none.
    """

    id: str
    role: str
    sample: str
    hypothesis: str
    programme: str
    beside: tuple[str, ...]
    before: Years
    after: Years
    given: tuple[str, ...]
    placebos: tuple[tuple[Years, Years], ...]
    exposure: str


def parse_west_specs(items: list[Mapping[str, Any]]) -> list[WestSpec]:
    """Read the specifications from the config.

    Parameters
    ----------
    items : list of mapping
        ``estimates.west`` of the config.

    Returns
    -------
    list of WestSpec

    Raises
    ------
    EstimateError
        If a span ends before it starts or the first one reaches into the second.
    """
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
