"""Tabulate T30: published benchmarks beside our estimates."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.benchmarks.table import tabulate_benchmarks


def main(*, benchmarks: str, estimates: str, description: str, table: list[str], periods: Mapping[str, Any]) -> None:
    """Read benchmarks and estimates and write the four files of the table."""
    made = tabulate_benchmarks(
        read_table(benchmarks), read_estimates(estimates), read_json(description), periods=periods
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
