"""Tabulate T20: linkage interactions."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.linkage import tabulate_linkage
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], section: Mapping[str, Any], inference: Mapping[str, Any],
    power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the linkage family and write the four files of the table."""
    made = tabulate_linkage(read_estimates(estimates), read_json(description), section=section, inference=inference,
                            power=power, study=study)  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
