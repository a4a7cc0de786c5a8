"""Tabulate T4: premium of cluster and zone regions by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.premium.table import tabulate_premium


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
