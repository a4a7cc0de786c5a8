"""Specifications of sigma convergence, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.estimates.convergence.common import SchemeInfo, checked_items, placed

SIGMA_KEYS = ("id", "sample", "unit_scheme", "role")


@dataclass(frozen=True, slots=True)
class SigmaSpec:
    """One specification of sigma convergence.

    Attributes
    ----------
    id : str
        Name.
    sample : str
        Sample.
    unit_scheme : str
        Unit scheme.
    role : str
        Role of its primary test.
    """

    id: str
    sample: str
    unit_scheme: str
    role: str = "robustness"


def parse_sigma_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[SigmaSpec, ...]:
    """Read ``estimates.sigma`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys ``id``, ``sample``, ``unit_scheme``, ``role``.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of SigmaSpec

    Raises
    ------
    EstimateError
        If a key, sample or unit scheme is unknown, or an id is used twice.
    """
    return tuple(
        SigmaSpec(item["id"], **placed(item, schemes, default_scheme, f"estimates.sigma.{item['id']}"))
        for item in checked_items(section, SIGMA_KEYS, "estimates.sigma")
    )
