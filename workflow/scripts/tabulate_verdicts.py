"""Tabulate T0: the verdict on each claim."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.table import TEXT, tabulate_verdicts
from evenfield.shared.tables.units import period_label
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table


def main(*, verdicts: str, content: str, table: list[str], periods: Mapping[str, Any]) -> None:
    """Read the verdicts and write the four files of the table."""
    labels = {name: period_label(name, periods) for name in periods}
    write_table_files(tabulate_verdicts(read_table(verdicts, TEXT), read_json(content), labels), table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
