"""Tabulate T6c: beta convergence with neighbours."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.rolling.table import tabulate_spatial_beta


def main(
    *, estimates: str, description: str, table: list[str], specs: list[Mapping[str, Any]], periods: Mapping[str, Any],
    inference: Mapping[str, Any], weights: str, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the clock family and write the four files of the table."""
    made = tabulate_spatial_beta(
        read_estimates(estimates), read_json(description), specs=specs,
        shown=shown_periods(periods, ("main", "variant", "span")), periods=periods, inference=inference,
        weights=weights, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
