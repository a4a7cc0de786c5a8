"""Tabulate T24: growth before and after regional programmes."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.west import tabulate_west
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the programme family and write the four files of the table."""
    made = tabulate_west(
        read_estimates(estimates), read_json(description), inference=inference, power=power, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
