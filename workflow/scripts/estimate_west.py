"""Compare growth before and after regional programmes."""

from typing import Any

from evenfield.shared.contrasts.group_study import parse_group_study
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.programmes.estimate import estimate_west
from evenfield.topics.programmes.estimate_spec import parse_west_specs

TEXT = ("taxonomy", "cell", "basis", "programme", "weights")


def main(
    *, panel: str, cells: str, units: str, adjacency: str, description: str, programmes: str, exposures: str,
    specs: list[dict[str, Any]], study: dict[str, Any], sesoi: dict[str, float], estimates: str, series: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates, mean growth by group and year, and a summary."""
    tables = [read_table(path, TEXT) for path in (panel, cells, units, adjacency)]
    results = estimate_west(
        parse_group_study(*tables, read_json(description), study), read_table(programmes, TEXT),
        read_table(exposures, TEXT), parse_west_specs(specs), sesoi["programme_pp"],
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
