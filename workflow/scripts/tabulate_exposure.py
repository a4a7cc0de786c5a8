"""Tabulate T16: spillovers by group."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.exposure.table import tabulate_exposure


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
