"""Tabulate T9b: weak sigma convergence."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.clock import tabulate_weak_sigma
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], specs: list[Mapping[str, Any]],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the clock family and write the four files of the table."""
    made = tabulate_weak_sigma(
        read_estimates(estimates), read_json(description), specs=specs, inference=inference, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
