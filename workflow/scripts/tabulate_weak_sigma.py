"""Tabulate T9b: weak sigma convergence."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.rolling.table import tabulate_weak_sigma


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
