"""Tabulate T26: p-values before and after adjustment."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.deciding import TEXT, all_labels
from evenfield.answers.table_credibility import tabulate_multiplicity
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table


def main(*, rows: str, content: str, table: list[str], periods: Mapping[str, Any]) -> None:
    """Read the deciding rows and write the four files of the table."""
    made = tabulate_multiplicity(read_table(rows, TEXT), read_json(content), all_labels(periods))
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
