"""Specifications of the dynamic spatial panel, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.study.errors import EstimateError
from evenfield.topics.spatial_panel.estimate_spec import PanelSpec, parse_panel_specs


@dataclass(frozen=True, slots=True)
class DynamicSettings:
    """What all specifications share."""

    level: float = 0.95  # level of the intervals
    seed: int = 2011  # base seed; draws of the effects; panels of the Monte Carlo
    draws: int = 10_000
    replications: int = 400
    horizons: tuple[int, ...] = (1, 5, 10)  # years after a permanent change
    max_bias: float = 0.02
    max_bias_in_sd: float = 0.5
    least_estimated: float = 0.95  # share of the Monte Carlo's panels that must have an estimate


def parse_dynamic_specs(section: Mapping[str, Any], weights: str) -> list[PanelSpec]:
    """Read the specifications: panels as those of the static models, their first year the initial one."""
    specs = parse_panel_specs({key: section[key] for key in ("variables", "specifications")}, weights)
    ids = [spec.id for spec in specs]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise EstimateError(f"the id {twice} is used twice in estimates.dynamic_spatial", "one id per specification",
                            "rename one in config.yaml")  # fmt: skip
    wrong = [spec for spec in specs if spec.years[0] >= spec.years[1]]
    if wrong:
        raise EstimateError(f"years of {wrong[0].id} run from {wrong[0].years[0]} to {wrong[0].years[1]}",
                            "a first year before the last", "correct them in estimates.dynamic_spatial")  # fmt: skip
    return specs


def parse_dynamic_settings(section: Mapping[str, Any], inference: Mapping[str, Any]) -> DynamicSettings:
    """Read what all specifications share."""
    plain = DynamicSettings()
    return DynamicSettings(
        float(inference["conf_level"]), int(inference["seed"]), int(section.get("draws", plain.draws)),
        int(section.get("replications", plain.replications)), tuple(section.get("horizons", plain.horizons)),
        float(section.get("max_bias", plain.max_bias)), float(section.get("max_bias_in_sd", plain.max_bias_in_sd)),
        float(section.get("least_estimated", plain.least_estimated)),
    )  # fmt: skip
