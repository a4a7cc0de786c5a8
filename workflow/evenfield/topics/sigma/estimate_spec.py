"""Specifications of sigma convergence, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import SchemeInfo, checked_items, placed

SIGMA_KEYS = ("id", "sample", "unit_scheme", "role")


@dataclass(frozen=True, slots=True)
class SigmaSpec:
    """One specification of sigma convergence."""

    id: str  # name
    sample: str  # sample
    unit_scheme: str  # unit scheme
    role: str = "robustness"  # role of its primary test


def parse_sigma_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[SigmaSpec, ...]:
    """Read ``estimates.sigma`` of the config."""
    return tuple(
        SigmaSpec(item["id"], **placed(item, schemes, default_scheme, f"estimates.sigma.{item['id']}"))
        for item in checked_items(section, SIGMA_KEYS, "estimates.sigma")
    )
