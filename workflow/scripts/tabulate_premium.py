"""Tabulate T4: premium of cluster and zone regions by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.premium import tabulate_premium
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: str, fit: str, description: str, table: list[str], periods: Mapping[str, Any],
    inference: Mapping[str, Any], power: float, study: Mapping[str, Any], taxonomy: str,
) -> None:  # fmt: skip
    """Read the premium family and write the four files of the table."""
    found = read_json(fit)
    made = tabulate_premium(
        read_estimates(estimates), read_json(description),
        labels={name: found["outcomes"][name] for name in found["order"]},
        shown=shown_periods(periods, ("main",)), periods=periods, inference=inference, power=power, study=study,
        taxonomy=taxonomy,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
