"""Tabulate T3b: dependence and persistence before any model."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.rows import TEXT
from evenfield.artifacts.tables.preflight import tabulate_preflight
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.files import read_json, read_table


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
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
