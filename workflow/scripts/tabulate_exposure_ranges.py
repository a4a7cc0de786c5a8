"""Tabulate T16b: the difference of the two exposures over taxonomies and weights."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.exposure.table_ranges import tabulate_exposure_ranges


def main(
    *, ranges: str, description: str, table: list[str], spec: str, periods: Mapping[str, Any], study: Mapping[str, Any]
) -> None:
    """Read the ranges of the exposure family and write the four files of the table."""
    made = tabulate_exposure_ranges(
        read_table(ranges, TEXT), read_json(description), spec=spec, periods=periods, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
