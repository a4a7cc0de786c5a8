"""Compare unit labour cost and the wage elasticity of foreign investment of cluster and zone regions."""

from typing import Any

from evenfield.shared.contrasts.group_study import parse_group_study
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json
from evenfield.topics.wages.estimate import estimate_wages
from evenfield.topics.wages.estimate_spec import parse_wages_specs


def main(
    *, panel: str, cells: str, units: str, adjacency: str, description: str, specs: list[dict[str, Any]],
    study: dict[str, Any], sesoi: dict[str, float], estimates: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates and a summary."""
    tables = [read_table(path, ("taxonomy", "cell", "basis")) for path in (panel, cells, units, adjacency)]
    results = estimate_wages(
        parse_group_study(*tables, read_json(description), study), parse_wages_specs(specs), sesoi["wage_elasticity"]
    )
    write_estimates(results.estimates, estimates)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
