"""Tabulate T0b: claims that the panel cannot decide."""

from evenfield.answers.table import TEXT, tabulate_untestable
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table


def main(*, verdicts: str, content: str, table: list[str]) -> None:
    """Read the verdicts and write the four files of the table."""
    write_table_files(tabulate_untestable(read_table(verdicts, TEXT), read_json(content)), table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
