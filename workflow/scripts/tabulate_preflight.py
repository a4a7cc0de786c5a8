"""Tabulate T3b: dependence and persistence before any model."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.unit_roots.table import tabulate_preflight


def main(
    *, series: str, fit: str, description: str, table: list[str], specs: list[Mapping[str, Any]],
    periods: Mapping[str, Any], inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the preflight family and write the four files of the table."""
    made = tabulate_preflight(
        read_table(series, text=(*TEXT, "scope", "check", "rule", "decision", "unit_scheme")), read_json(fit),
        read_json(description), specs=specs, shown=shown_periods(periods, ("main", "span")), periods=periods,
        inference=inference, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
