"""Specifications of group premiums (H1), read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.contrasts.group_labels import Comparison, parse_comparison
from evenfield.shared.contrasts.period_means import Measure, parse_measure


@dataclass(frozen=True, slots=True)
class PremiumSpec:
    """A comparison of groups in every main period."""

    id: str  # name, hypothesis that its first comparison speaks to, role of that row
    hypothesis: str
    role: str
    measure: Measure  # outcome
    table: str  # ``panel``: mean of the outcome over the years of a period; ``periods``: a column of periods.csv
    given: tuple[str, ...]  # columns of periods.csv held fixed
    comparisons: tuple[Comparison, ...]  # the first one decides, the others are exploratory
    samples: tuple[str, ...]  # the first one decides
    sesoi: float  # smallest effect of interest


def parse_premium_specs(section: list[Mapping[str, Any]], sesoi: Mapping[str, float]) -> tuple[PremiumSpec, ...]:
    """Read ``estimates.premium`` of the config."""
    return tuple(
        PremiumSpec(
            item["id"], item.get("hypothesis", ""), item.get("role", "exploratory"), parse_measure(item),
            item.get("table", "panel"), tuple(item.get("given", ())),
            tuple(parse_comparison(text) for text in item["compare"]), tuple(item.get("samples", ("all",))),
            float(sesoi[item["sesoi"]]) if "sesoi" in item else float("nan"),
        )
        for item in section
    )  # fmt: skip
