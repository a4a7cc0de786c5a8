"""Specifications of fading premiums (H4) and of location quotients (H5), read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.contrasts.group_labels import Comparison, parse_comparison
from evenfield.shared.contrasts.period_means import Measure, parse_measure


@dataclass(frozen=True, slots=True)
class FadingSpec:
    """A premium whose change over time is estimated."""

    id: str  # name, hypothesis, role of the deciding row
    hypothesis: str
    role: str
    measure: Measure  # outcome
    table: str  # ``panel`` or ``periods``, as for premiums
    path: str  # ``periods``: trend over period means; ``quotient``: trend and end level of the location quotient
    comparisons: tuple[Comparison, ...]  # the first one decides
    share: float  # smallest change of interest: share of the first premium, or of the quotient, over the sample


def parse_fading_specs(section: list[Mapping[str, Any]], sesoi: Mapping[str, float]) -> tuple[FadingSpec, ...]:
    """Read ``estimates.fading`` of the config."""
    keys = {"periods": "fading_share", "quotient": "quotient_share"}
    return tuple(
        FadingSpec(
            item["id"], item.get("hypothesis", ""), item.get("role", "exploratory"), parse_measure(item),
            item.get("table", "panel"), item.get("path", "periods"),
            tuple(parse_comparison(text) for text in item.get("compare", ("sez",))),
            float(sesoi.get(keys[item.get("path", "periods")], float("nan"))),
        )
        for item in section
    )  # fmt: skip
