"""Tabulate T8: convergence by exposure to clusters and zones."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.regime import tabulate_regime
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, description: str, table: list[str], specs: list[Mapping[str, Any]], periods: Mapping[str, Any],
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the regime family and write the four files of the table."""
    made = tabulate_regime(
        read_estimates(estimates), read_json(description), specs=specs,
        shown=shown_periods(periods, ("main", "span")), periods=periods, inference=inference, power=power, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
