"""Specifications of the wage comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.topics.balance.estimate_spec import checked_windows


@dataclass(frozen=True, slots=True)
class WagesSpec:
    """Unit labour cost by window and foreign investment on wages."""

    id: str  # name, role of the difference of elasticities, sample
    role: str
    sample: str
    wage: str  # columns of the panel; a part whose columns hold no figures is left out
    employment: str
    output: str
    investment: str
    windows: tuple[tuple[int, int], ...]  # first and last years of unit labour cost growth; empty without that part
    years: tuple[int, int]  # first and last year of wages in the panel regression; investment follows a year later


def parse_wages_specs(items: list[Mapping[str, Any]]) -> list[WagesSpec]:
    """Read the specifications from the config."""
    return [
        WagesSpec(item["id"], item["role"], item["sample"], item["wage"], item["employment"], item["output"],
                  item["investment"], checked_windows(item["windows"], f"wages {item['id']}"),
                  (item["years"][0], item["years"][1]))
        for item in items
    ]  # fmt: skip
