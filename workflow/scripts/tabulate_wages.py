"""Tabulate T23: wages, unit labour cost and foreign investment."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.wages.table import tabulate_wages


def main(
    *, estimates: str, description: str, table: list[str], spec: str,
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the wages family and write the four files of the table."""
    made = tabulate_wages(
        read_estimates(estimates), read_json(description), spec=spec, inference=inference,
        power=power, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
