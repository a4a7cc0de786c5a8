"""Tabulate T13: Moran's I of income and growth by year."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.moran.table import tabulate_pattern


def main(
    *, estimates: str, description: str, table: list[str], specs: list[Mapping[str, Any]], inference: Mapping[str, Any],
    weights: str, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the pattern family and write the four files of the table."""
    made = tabulate_pattern(
        read_estimates(estimates), read_json(description), specs=specs, inference=inference, weights=weights,
        study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
