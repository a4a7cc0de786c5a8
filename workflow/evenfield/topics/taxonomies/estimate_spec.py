"""Specifications of the comparison of taxonomies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TaxonomiesSpec:
    """One outcome on which taxonomies are compared."""

    id: str  # name, role of the main taxonomy's rows, sample
    role: str
    sample: str
    endogenous: str  # measure of clusters.csv; empty without a continuous plane
    exogenous: str  # type of zone whose mean number in force over the period is the other axis; empty without a plane


def parse_taxonomies_specs(items: list[Mapping[str, Any]]) -> list[TaxonomiesSpec]:
    """Read the specifications from the config."""
    return [TaxonomiesSpec(item["id"], item["role"], item["sample"], item["endogenous"], item["exogenous"])
            for item in items]  # fmt: skip
