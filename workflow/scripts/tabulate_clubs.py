"""Tabulate T10: log t tests and clubs."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.clubs.table import tabulate_clubs


def main(
    *, estimates: str, series: str, description: str, table: list[str], specs: list[Mapping[str, Any]],
    periods: Mapping[str, Any], inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the clubs family and write the four files of the table."""
    made = tabulate_clubs(
        read_estimates(estimates), read_table(series, (*TEXT, "group")), read_json(description), specs=specs,
        periods=periods, inference=inference, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
