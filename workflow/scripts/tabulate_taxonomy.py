"""Tabulate T1: cells, first zones and numbers of zones by unit."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.rows import TEXT
from evenfield.artifacts.tables.taxonomy import tabulate_taxonomy
from evenfield.artifacts.units import cells_of, last_main_period
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.files import read_json, read_table


def main(
    *, cells: str, taxonomies: str, units: str, first_years: str, doses: str, description: str, table: list[str],
    taxonomy: str, periods: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the taxonomy and the zones, and write the four files of the table."""
    period = last_main_period(periods)
    made = tabulate_taxonomy(
        cells_of(read_table(cells, TEXT), taxonomy, period), read_table(taxonomies, TEXT), read_table(units, TEXT),
        read_table(first_years, TEXT), read_table(doses, TEXT), read_json(description), taxonomy=taxonomy,
        period=period, periods=periods, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
