"""Tabulate T16b: the difference of the two exposures over taxonomies and weights."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.rows import TEXT
from evenfield.artifacts.tables.exposure_ranges import tabulate_exposure_ranges
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.files import read_json, read_table


def main(
    *, ranges: str, description: str, table: list[str], spec: str, periods: Mapping[str, Any], study: Mapping[str, Any]
) -> None:
    """Read the ranges of the exposure family and write the four files of the table."""
    made = tabulate_exposure_ranges(
        read_table(ranges, TEXT), read_json(description), spec=spec, periods=periods, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
