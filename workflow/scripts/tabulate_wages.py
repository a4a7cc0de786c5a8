"""Tabulate T23: wages, unit labour cost and foreign investment."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.wages import tabulate_wages
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


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
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
