"""Tabulate T3: summary statistics by cell and period."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.relative_income.table import tabulate_summary


def main(
    *, series: str, description: str, table: list[str], taxonomy: str, periods: Mapping[str, Any],
    controls: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the profile family's series and write the four files of the table."""
    made = tabulate_summary(
        read_table(series, TEXT), read_json(description), taxonomy=taxonomy, shown=shown_periods(periods, ("main",)),
        periods=periods, controls=controls, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
