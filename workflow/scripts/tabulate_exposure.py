"""Tabulate T16: spillovers by group."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.exposure import tabulate_exposure
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], spec: Mapping[str, Any], periods: Mapping[str, Any],
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the exposure family and write the four files of the table."""
    made = tabulate_exposure(
        read_estimates(estimates), read_json(description), spec=spec, shown=shown_periods(periods, ("main", "span")),
        periods=periods, inference=inference, power=power, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
