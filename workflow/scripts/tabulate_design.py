"""Tabulate TD: what the design can see."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.rows import TEXT
from evenfield.artifacts.tables.design import tabulate_design
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json, read_table


def main(
    *, series: str, estimates: str, description: str, table: list[str], taxonomy: str, weights: str,
    power: float, periods: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the design family and write the four files of the table."""
    made = tabulate_design(
        read_table(series, TEXT), read_estimates(estimates), read_json(description), taxonomy=taxonomy, weights=weights,
        power=power, periods=periods, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
