"""Tabulate T7: the speed of convergence in the panel, estimator by estimator."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.dynamic import tabulate_dynamic
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], specs: list[Mapping[str, Any]], periods: Mapping[str, Any],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the dynamic family and write the four files of the table."""
    made = tabulate_dynamic(
        read_estimates(estimates), read_json(description), specs=specs,
        shown=shown_periods(periods, ("span", "main")), periods=periods, inference=inference, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
