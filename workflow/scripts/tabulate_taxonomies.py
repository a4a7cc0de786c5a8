"""Tabulate T1b: which grouping describes growth best."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.taxonomies.table import tabulate_taxonomies


def main(
    *, estimates: str, description: str, table: list[str], spec: str, periods: Mapping[str, Any],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the taxonomies family and write the four files of the table."""
    made = tabulate_taxonomies(
        read_estimates(estimates), read_json(description), spec=spec, periods=periods, inference=inference, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
