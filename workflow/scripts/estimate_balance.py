"""Compare the urban-rural gap of cluster and zone regions."""

from typing import Any

from evenfield.shared.contrasts.group_study import parse_group_study
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.balance.estimate import estimate_balance
from evenfield.topics.balance.estimate_spec import parse_balance_specs


def main(
    *, panel: str, cells: str, units: str, adjacency: str, description: str, specs: list[dict[str, Any]],
    study: dict[str, Any], sesoi: dict[str, float], estimates: str, series: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates, the path of the gap by cell, and a summary."""
    tables = [read_table(path, ("taxonomy", "cell", "basis")) for path in (panel, cells, units, adjacency)]
    results = estimate_balance(
        parse_group_study(*tables, read_json(description), study), parse_balance_specs(specs), sesoi["gap_pct"]
    )
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
