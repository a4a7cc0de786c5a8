"""Group labels of a taxonomy and the comparisons that the config names in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evenfield.study.errors import EstimateError

LABELS = ("cluster", "sez")


@dataclass(frozen=True)
class Comparison:
    """A combination of the coefficients of group labels."""

    term: str  # the first label
    contrast: str  # as written in the config; empty for a label alone
    labels: tuple[str, ...]  # labels that enter the regression, the first one first
    weights: Mapping[str, float]  # weights of their coefficients


def parse_comparison(text: str) -> Comparison:
    """Read a comparison written as ``cluster``, ``sez - cluster`` or ``sez given cluster``."""
    for separator, weight in ((" - ", -1.0), (" given ", 0.0), ("", 0.0)):
        parts = tuple(text.split(separator)) if separator else (text,)
        if len(parts) == (2 if separator else 1) and set(parts) <= set(LABELS) and len(set(parts)) == len(parts):
            return Comparison(parts[0], text if separator else "", parts,
                              dict(zip(parts, (1.0, weight), strict=False)))  # fmt: skip
    raise EstimateError(f"the comparison '{text}'", "for example cluster, sez - cluster or sez given cluster",
                        "correct it in the config")  # fmt: skip


def group_labels(cells: pd.DataFrame, taxonomy: str, period: str) -> pd.DataFrame:
    """Return the labels of each unit in one period of one taxonomy."""
    found = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
    if found.empty:
        raise EstimateError(f"no cells of taxonomy {taxonomy} in period {period}", "both in cells.csv",
                            "add them to taxonomy.all and periods")  # fmt: skip
    return found.set_index("unit")[list(LABELS)].astype(float).sort_index()
