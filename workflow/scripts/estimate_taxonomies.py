"""Compare groupings of units by how well they describe growth."""

from typing import Any

from evenfield.shared.contrasts.group_study import parse_group_study
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json
from evenfield.topics.taxonomies.estimate import estimate_taxonomies
from evenfield.topics.taxonomies.estimate_spec import parse_taxonomies_specs

TEXT = ("taxonomy", "cell", "basis", "measure", "zone_type")


def main(
    *, panel: str, cells: str, units: str, adjacency: str, description: str, periods: str, doses: str, clusters: str,
    specs: list[dict[str, Any]], study: dict[str, Any], estimates: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates and a summary."""
    tables = [read_table(path, TEXT) for path in (panel, cells, units, adjacency)]
    results = estimate_taxonomies(
        parse_group_study(*tables, read_json(description), study), read_table(periods, TEXT),
        read_table(clusters, TEXT), read_table(doses, TEXT), parse_taxonomies_specs(specs),
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
