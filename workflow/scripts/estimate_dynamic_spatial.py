"""Estimate the dynamic spatial panel and measure its bias at the study's size."""

from typing import Any

from evenfield.shared.estimates import ROW_SCALED, write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.dynamic_spatial.estimate import estimate_dynamic_spatial
from evenfield.topics.dynamic_spatial.estimate_spec import parse_dynamic_settings, parse_dynamic_specs


def main(
    *, panel: str, doses: str, description: str, weights: list[str], weights_descriptions: list[str],
    spec: dict[str, Any], main_weights: str, inference: dict[str, Any], estimates: str, series: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates, the Monte Carlo and a summary."""
    study = read_json(description)
    results = estimate_dynamic_spatial(
        read_table(panel, text=("basis",)), read_table(doses),
        read_weights(weights, weights_descriptions, study["units"]), study, parse_dynamic_specs(spec, main_weights),
        parse_dynamic_settings(spec, inference),
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_results(results.series, series, by_row=ROW_SCALED)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
