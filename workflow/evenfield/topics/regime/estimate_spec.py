"""Specifications of convergence by regime (H11), read from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenfield.shared.settings import ROLES, check_names, checked_items
from evenfield.study.errors import EstimateError

REGIME_KEYS = ("id", "taxonomy", "weights", "own", "split", "draws", "role")
OWN_TERMS = ("none", "added")
DEFAULT_SESOI = 1.0


@dataclass(frozen=True, slots=True)
class RegimeSpec:
    """One specification of convergence by regime."""

    id: str  # name, taxonomy, spatial weights of the exposures, role of the deciding row
    taxonomy: str
    weights: str
    own: str = "none"  # ``none``, or ``added`` to control for a unit's own cluster and SEZ status
    split: int | None = None  # first year of the later regime
    draws: int = 0  # draws of units for the bias-corrected panel beside the deciding row; 0 leaves it out
    role: str = "robustness"  # name, taxonomy, spatial weights of the exposures, role of the deciding row


@dataclass(frozen=True, slots=True)
class RegimeSettings:
    """What all specifications share."""

    level: float = 0.95  # level of the intervals and power of the minimum detectable differences
    power: float = 0.8
    sesoi: float = DEFAULT_SESOI  # smallest difference of speeds of interest, pp a year
    seed: int = 2011  # base seed of the draws


def parse_regime_specs(section: Any, taxonomies: Sequence[str], weights: Sequence[str]) -> tuple[RegimeSpec, ...]:
    """Read ``estimates.regime`` of the config."""
    items = checked_items(section, REGIME_KEYS, "estimates.regime")
    return tuple(_parsed(item, taxonomies, weights) for item in items)


def _parsed(item: Mapping[str, Any], taxonomies: Sequence[str], weights: Sequence[str]) -> RegimeSpec:
    where = f"estimates.regime.{item['id']}"
    missing = [key for key in ("taxonomy", "weights") if key not in item]
    if missing:
        raise EstimateError(f"{where} has no {missing[0]}", "a taxonomy and spatial weights", f"add {missing[0]}")
    own, role, split = item.get("own", "none"), item.get("role", "robustness"), item.get("split")
    check_names([item["taxonomy"]], taxonomies, f"{where}.taxonomy")
    check_names([item["weights"]], weights, f"{where}.weights")
    check_names([own], OWN_TERMS, f"{where}.own")
    check_names([role], ROLES, f"{where}.role")
    if split is not None and (not isinstance(split, int) or isinstance(split, bool)):
        raise EstimateError(f"{where}.split is {split!r}", "a year", f"correct {where}.split")
    draws = item.get("draws", 0)
    if not isinstance(draws, int) or isinstance(draws, bool) or draws < 0:
        raise EstimateError(f"{where}.draws is {draws!r}", "a number of draws, or 0", f"correct {where}.draws")
    return RegimeSpec(item["id"], item["taxonomy"], item["weights"], own, split, draws, role)


def parse_regime_settings(
    sesoi: Mapping[str, float] | None, inference: Mapping[str, Any], power: float
) -> RegimeSettings:
    """Read what all specifications share."""
    return RegimeSettings(
        float(inference["conf_level"]), power, float((sesoi or {}).get("speed_pp", DEFAULT_SESOI)),
        int(inference.get("seed", 2011)),
    )  # fmt: skip
