"""Tabulate T17: the dynamic spatial panel with its Monte Carlo."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.dynamic_spatial.table import tabulate_dynamic_spatial


def main(
    *, estimates: str, series: str, description: str, table: list[str], section: Mapping[str, Any],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the dynamic spatial family and write the four files of the table."""
    made = tabulate_dynamic_spatial(read_estimates(estimates), read_table(series, TEXT), read_json(description),
                                    section=section, inference=inference, study=study)  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
