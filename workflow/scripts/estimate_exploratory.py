"""Estimate the exploratory statements that the config declares."""

from collections.abc import Mapping
from typing import Any

from evenfield.contracts.estimates import write_estimates
from evenfield.contracts.files import read_json, read_table, write_json, write_results
from evenfield.estimates.contrasts import parse_contrast_settings
from evenfield.estimates.policy.exploratory import estimate_exploratory
from evenfield.estimates.policy.exploratory_data import ExploratoryData, with_constants
from evenfield.estimates.policy.exploratory_spec import parse_exploratory_specs


def main(
    *, panel: str, periods: str, cells: str, doses: str, units: str, adjacency: str, description: str, clusters: str,
    outlines: str, section: list[dict[str, Any]], taxonomy: Mapping[str, Any], inference: Mapping[str, Any],
    power: float, estimates: str, not_carried: str, fit: str,
) -> None:  # fmt: skip
    """Read the panel, estimate every statement and write rows, refusals and a summary."""
    study, places = read_json(description), read_table(units)
    data = ExploratoryData(
        with_constants(read_table(panel), places, read_table(clusters), read_json(outlines), study["merged"]),
        read_table(periods), read_table(cells), read_table(doses), places, read_table(adjacency), study,
    )  # fmt: skip
    specs = parse_exploratory_specs(section, taxonomy["primary"], [item["period"] for item in study["periods"]])
    results = estimate_exploratory(data, specs, parse_contrast_settings(inference, power))
    write_estimates(results.estimates, estimates)
    write_results(results.not_carried, not_carried)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
