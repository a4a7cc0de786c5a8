"""Tabulate T24: growth before and after regional programmes."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.programmes.table import tabulate_west


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
