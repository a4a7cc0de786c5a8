"""Specifications of where clusters lie, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.contracts.errors import EstimateError
from evenfield.estimates.convergence.common import SchemeInfo, check_role, checked_items

GRADIENT_KEYS = ("id", "taxonomies", "regions", "east", "count", "stand_ins", "hypothesis", "role")


@dataclass(frozen=True, slots=True)
class GradientSpec:
    """One specification of the gradients of clusters.

    Attributes
    ----------
    id, role, hypothesis : str
        Name, role of the deciding rows, and the hypothesis they speak to; empty for none.
    taxonomies : tuple of str
        Lists of cluster units; the first is the main one.
    regions, east : str
        Column of the units and its value for the East.
    count : str
        Measure of ``clusters.csv`` with a licensed count of clusters, whose gradients then decide; empty when only
        lists exist.
    stand_ins : tuple of str
        Other counts, reported beside.
    """

    id: str
    taxonomies: tuple[str, ...]
    regions: str
    east: str
    count: str = ""
    stand_ins: tuple[str, ...] = ()
    hypothesis: str = ""
    role: str = "exploratory"

    @property
    def counts(self) -> tuple[str, ...]:
        """All counts, the deciding one first."""
        return (*((self.count,) if self.count else ()), *(name for name in self.stand_ins if name != self.count))


def parse_gradient_specs(section: Any, scheme: SchemeInfo) -> tuple[GradientSpec, ...]:
    """Read ``estimates.gradient`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys as the attributes of ``GradientSpec``; ``id``, ``taxonomies``, ``regions`` and ``east`` are needed.
    scheme : SchemeInfo
        The main unit scheme.

    Returns
    -------
    tuple of GradientSpec

    Raises
    ------
    EstimateError
        If a key is unknown or missing, a list is a text, or an id is used twice.
    """
    items = checked_items(section, GRADIENT_KEYS, "estimates.gradient")
    return tuple(_parsed(item, f"estimates.gradient.{item['id']} (unit scheme {scheme.name})") for item in items)


def _parsed(item: Mapping[str, Any], where: str) -> GradientSpec:
    missing = [key for key in ("taxonomies", "regions", "east") if not item.get(key)]
    texts = [key for key in ("taxonomies", "stand_ins") if isinstance(item.get(key), str)]
    if missing or texts:
        fault = f"no {missing[0]}" if missing else f"{texts[0]} as one text"
        raise EstimateError(f"{where} has {fault}", "taxonomies as a list, regions, east", "correct config.yaml")
    lists = {key: tuple(item.get(key, ())) for key in ("taxonomies", "stand_ins")}
    role = check_role(item.get("role", "exploratory"), where)
    return GradientSpec(**{**item, **lists, "east": str(item["east"]), "role": role})
