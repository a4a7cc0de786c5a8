"""Specifications of group premiums (H1), read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.estimates.group_labels import Comparison, parse_comparison
from evenfield.estimates.period_means import Measure, parse_measure


@dataclass(frozen=True, slots=True)
class PremiumSpec:
    """A comparison of groups in every main period.

    Attributes
    ----------
    id, hypothesis, role : str
        Name, hypothesis that its first comparison speaks to, role of that row.
    measure : Measure
        Outcome.
    table : str
        ``panel``: mean of the outcome over the years of a period; ``periods``: a column of periods.csv.
    given : tuple of str
        Columns of periods.csv held fixed.
    comparisons : tuple of Comparison
        The first one decides, the others are exploratory.
    samples : tuple of str
        The first one decides.
    sesoi : float
        Smallest effect of interest.
    """

    id: str
    hypothesis: str
    role: str
    measure: Measure
    table: str
    given: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    samples: tuple[str, ...]
    sesoi: float


def parse_premium_specs(section: list[Mapping[str, Any]], sesoi: Mapping[str, float]) -> tuple[PremiumSpec, ...]:
    """Read ``estimates.premium`` of the config.

    Parameters
    ----------
    section : list of mapping
        Checked entries.
    sesoi : mapping
        ``sesoi`` of the config.

    Returns
    -------
    tuple of PremiumSpec

    Raises
    ------
    EstimateError
        If a comparison cannot be read.
    """
    return tuple(
        PremiumSpec(
            item["id"], item.get("hypothesis", ""), item.get("role", "exploratory"), parse_measure(item),
            item.get("table", "panel"), tuple(item.get("given", ())),
            tuple(parse_comparison(text) for text in item["compare"]), tuple(item.get("samples", ("all",))),
            float(sesoi[item["sesoi"]]) if "sesoi" in item else float("nan"),
        )
        for item in section
    )  # fmt: skip
