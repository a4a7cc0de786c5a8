"""Diagnose the design before any regression: overlap, weights, support and what can be detected."""

from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.design.estimate import estimate_design
from evenfield.topics.design.estimate_inputs import DesignInputs, parse_design_spec


def main(
    *, periods: str, cells: str, units: str, first_years: str, exposures: str, description: str, edges: list[str],
    descriptions: list[str], design: dict[str, Any], taxonomy: dict[str, Any], weights: dict[str, Any],
    inference: dict[str, Any], estimates: str, series: str, fit: str,
) -> None:  # fmt: skip
    """Write minimum detectable effects as estimates and all other diagnostics as one long series."""
    study = read_json(description)
    matrices = read_weights(edges, descriptions, study["units"])
    data = DesignInputs(
        read_table(units), read_table(periods), read_table(cells), read_table(exposures), read_table(first_years),
        matrices, study,
    )  # fmt: skip
    results = estimate_design(data, parse_design_spec(design, taxonomy, weights, inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series, by_row=("value",))
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
