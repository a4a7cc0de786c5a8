"""Tabulate T11: transition matrices, their long run and mobility."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.rows import TEXT
from evenfield.artifacts.tables.distribution import tabulate_transitions
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json, read_table


def main(
    *, estimates: str, series: str, description: str, table: list[str], specs: list[Mapping[str, Any]],
    periods: Mapping[str, Any], inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the distribution family and write the four files of the table."""
    made = tabulate_transitions(
        read_estimates(estimates), read_table(series, (*TEXT, "group")), read_json(description), specs=specs,
        periods=periods, inference=inference, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
