"""Tabulate T25: the inference ladder of the deciding estimates."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.deciding import TEXT, all_labels
from evenfield.answers.table_credibility import tabulate_ladder
from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_table


def main(*, estimates: str, rows: str, table: list[str], periods: Mapping[str, Any]) -> None:
    """Read the deciding rows and write the four files of the table."""
    made = tabulate_ladder(read_estimates(estimates), read_table(rows, TEXT), all_labels(periods))
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
