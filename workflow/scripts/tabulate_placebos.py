"""Tabulate T29: the placebos."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.deciding import all_labels
from evenfield.answers.table_credibility import tabulate_placebos
from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files


def main(*, estimates: str, table: list[str], periods: Mapping[str, Any]) -> None:
    """Read the deciding rows and write the four files of the table."""
    made = tabulate_placebos(read_estimates(estimates), all_labels(periods))
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
