"""Tabulate T21: urban and rural incomes in cluster and zone regions."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.balance import tabulate_balance
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], spec: str, inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the balance family and write the four files of the table."""
    made = tabulate_balance(
        read_estimates(estimates), read_json(description), spec=spec, inference=inference, power=power, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
