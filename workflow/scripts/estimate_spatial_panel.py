"""Estimate spatial panels: models by weights, effects with intervals, model probabilities."""

from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.spatial_panel.estimate import PanelSettings, estimate_panel_models
from evenfield.topics.spatial_panel.estimate_spec import parse_panel_specs


def main(
    *,
    panel: str,
    doses: str,
    description: str,
    weights: list[str],
    weights_descriptions: list[str],
    estimates: str,
    reach: str,
    links: str,
    powers: str,
    fit: str,
    spec: dict[str, Any],
    primary_weights: str,
    inference: dict[str, Any],
    power: float,
) -> None:
    """Write the estimates, effects by unit, by pair of units and by power of W, and a summary."""
    study = read_json(description)
    results = estimate_panel_models(
        read_table(panel, text=("basis",)),
        read_table(doses, text=("zone_type",)),
        read_weights(weights, weights_descriptions, study["units"]),
        study,
        parse_panel_specs(spec, primary_weights),
        PanelSettings(inference["conf_level"], power, inference["seed"]),
    )
    write_estimates(results.estimates, estimates)
    write_results(results.reach, reach)
    write_results(results.links, links)
    write_results(results.powers, powers)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
