"""Tabulate T21: urban and rural incomes in cluster and zone regions."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.balance.table import tabulate_balance


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
