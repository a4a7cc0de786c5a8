"""Specifications of beta convergence, read from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.shared.settings import SchemeInfo, check_names, checked_items, placed
from evenfield.study.errors import EstimateError

BETA_KEYS = ("id", "controls", "sample", "end_points", "unit_scheme", "role")
CONTROL = "control_"
END_POINTS = {
    "end": ("log_income_start", "log_income_end", "growth_pct_per_year"),
    "mean3": ("log_income_start_mean3", "log_income_end_mean3", "growth_mean3_pct_per_year"),
}


@dataclass(frozen=True, slots=True)
class BetaSpec:
    """One specification of beta convergence."""

    id: str  # name
    controls: tuple[str, ...]  # controls that enter where the period has them
    sample: str  # sample
    end_points: str  # ``end`` (levels of the first and last year) or ``mean3`` (means of three observations)
    unit_scheme: str  # unit scheme
    role: str = "robustness"  # role in the tables


def parse_beta_specs(
    section: Any, controls: Sequence[str], schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[BetaSpec, ...]:
    """Read ``estimates.beta`` of the config."""
    return tuple(
        _parsed(item, controls, schemes, default_scheme) for item in checked_items(section, BETA_KEYS, "estimates.beta")
    )


def _parsed(
    item: Mapping[str, Any], controls: Sequence[str], schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> BetaSpec:
    where = f"estimates.beta.{item['id']}"
    ends, chosen = item.get("end_points", "end"), item.get("controls", [])
    if isinstance(chosen, str):
        raise EstimateError(f"{where}.controls holds the text '{chosen}'", "a list of controls", "put it in brackets")
    check_names(chosen, controls, f"{where}.controls")
    check_names([ends], END_POINTS, f"{where}.end_points")
    return BetaSpec(item["id"], tuple(chosen), end_points=ends, **placed(item, schemes, default_scheme, where))


def controls_of(periods: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the controls that the frames of periods have."""
    names = {name for frame in periods.values() for name in frame.columns if name.startswith(CONTROL)}
    return sorted(name.removeprefix(CONTROL) for name in names)
