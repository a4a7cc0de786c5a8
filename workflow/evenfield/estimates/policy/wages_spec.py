"""Specifications of the wage comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.estimates.policy.balance_spec import checked_windows


@dataclass(frozen=True, slots=True)
class WagesSpec:
    """Unit labour cost by window and foreign investment on wages.

    Attributes
    ----------
    id, role, sample : str
        Name, role of the difference of elasticities, sample.
    wage, employment, output, investment : str
        Columns of the panel; a part whose columns hold no figures is left out.
    windows : tuple of tuple of int
        First and last years of unit labour cost growth; empty without that part.
    years : tuple of int
        First and last year of wages in the panel regression; investment follows a year later.
    """

    id: str
    role: str
    sample: str
    wage: str
    employment: str
    output: str
    investment: str
    windows: tuple[tuple[int, int], ...]
    years: tuple[int, int]


def parse_wages_specs(items: list[Mapping[str, Any]]) -> list[WagesSpec]:
    """Read the specifications from the config.

    Parameters
    ----------
    items : list of mapping
        ``estimates.wages`` of the config.

    Returns
    -------
    list of WagesSpec

    Raises
    ------
    EstimateError
        If a window ends before it starts or two windows overlap.
    """
    return [
        WagesSpec(item["id"], item["role"], item["sample"], item["wage"], item["employment"], item["output"],
                  item["investment"], checked_windows(item["windows"], f"wages {item['id']}"),
                  (item["years"][0], item["years"][1]))
        for item in items
    ]  # fmt: skip
