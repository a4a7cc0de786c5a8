"""Estimate the exploratory statements that the config declares."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.contrasts.contrasts import parse_contrast_settings
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.statements.estimate import estimate_exploratory
from evenfield.topics.statements.estimate_data import ExploratoryData, with_constants
from evenfield.topics.statements.estimate_spec import parse_exploratory_specs


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
