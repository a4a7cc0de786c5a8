"""Regress growth on own and neighbours' clusters and zones, period by period."""

from typing import Any

from evenfield.shared.contrasts.contrasts import parse_contrast_settings
from evenfield.shared.estimates import ROW_SCALED, write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.exposure.estimate import estimate_exposure
from evenfield.topics.exposure.estimate_data import ExposureData, joined_links
from evenfield.topics.exposure.estimate_spec import parse_exposure_specs, parse_interests


def main(
    *, periods: str, exposures: str, edges: list[str], descriptions: list[str], units: str, adjacency: str, panel: str,
    description: str, specs: list[dict[str, Any]], join: list[list[str]], sesoi: dict[str, float],
    inference: dict[str, Any], power: float, estimates: str, series: str, residuals: str, ranges: str,
    fit: str,
) -> None:  # fmt: skip
    """Write the estimates, their path by period, the exposures and residuals by unit, ranges and a summary."""
    study = read_json(description)
    data = ExposureData(
        read_table(periods), read_table(exposures), read_weights(edges, descriptions, study["units"]),
        read_table(units), joined_links(read_table(adjacency), join), read_table(panel),
    )  # fmt: skip
    results = estimate_exposure(
        data, study, parse_exposure_specs(specs), parse_interests(sesoi), parse_contrast_settings(inference, power)
    )
    write_estimates(results.estimates, estimates)
    write_results(results.path, series, by_row=ROW_SCALED)
    write_results(results.units, residuals)
    write_results(results.ranges, ranges)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
