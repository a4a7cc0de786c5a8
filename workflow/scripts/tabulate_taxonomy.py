"""Tabulate T1: cells, first zones and numbers of zones by unit."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import cells_of, last_main_period
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.groups.table import tabulate_taxonomy


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
