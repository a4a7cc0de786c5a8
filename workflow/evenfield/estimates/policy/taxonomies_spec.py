"""Specifications of the comparison of taxonomies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TaxonomiesSpec:
    """One outcome on which taxonomies are compared.

    Attributes
    ----------
    id, role, sample : str
        Name, role of the main taxonomy's rows, sample.
    endogenous : str
        Measure of clusters.csv; empty without a continuous plane.
    exogenous : str
        Type of zone whose mean number in force over the period is the other axis; empty without a plane.
    """

    id: str
    role: str
    sample: str
    endogenous: str
    exogenous: str


def parse_taxonomies_specs(items: list[Mapping[str, Any]]) -> list[TaxonomiesSpec]:
    """Read the specifications from the config.

    Parameters
    ----------
    items : list of mapping
        ``estimates.taxonomies`` of the config.

    Returns
    -------
    list of TaxonomiesSpec
    """
    return [TaxonomiesSpec(item["id"], item["role"], item["sample"], item["endogenous"], item["exogenous"])
            for item in items]  # fmt: skip
