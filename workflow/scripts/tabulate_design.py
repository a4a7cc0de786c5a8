"""Tabulate TD: what the design can see."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.design.table import tabulate_design


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
