"""Specifications of fading premiums (H4) and of location quotients (H5), read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.estimates.group_labels import Comparison, parse_comparison
from evenfield.estimates.period_means import Measure, parse_measure


@dataclass(frozen=True, slots=True)
class FadingSpec:
    """A premium whose change over time is estimated.

    Attributes
    ----------
    id, hypothesis, role : str
        Name, hypothesis, role of the deciding row.
    measure : Measure
        Outcome.
    table : str
        ``panel`` or ``periods``, as for premiums.
    path : str
        ``periods``: trend over period means; ``quotient``: trend and end level of the location quotient.
    comparisons : tuple of Comparison
        The first one decides.
    share : float
        Smallest change of interest: share of the first premium, or of the quotient, over the sample.
    """

    id: str
    hypothesis: str
    role: str
    measure: Measure
    table: str
    path: str
    comparisons: tuple[Comparison, ...]
    share: float


def parse_fading_specs(section: list[Mapping[str, Any]], sesoi: Mapping[str, float]) -> tuple[FadingSpec, ...]:
    """Read ``estimates.fading`` of the config.

    Parameters
    ----------
    section : list of mapping
        Checked entries.
    sesoi : mapping
        ``sesoi`` of the config.

    Returns
    -------
    tuple of FadingSpec

    Raises
    ------
    EstimateError
        If a comparison cannot be read.
    """
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
