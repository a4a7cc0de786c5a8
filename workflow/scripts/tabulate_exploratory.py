"""Tabulate T31: exploratory statements."""

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.statements.table import tabulate_exploratory


def main(
    *, estimates: str, not_carried: str, claims: str, description: str, table: list[str],
    specs: Sequence[Mapping[str, Any]], periods: Mapping[str, Any], inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the exploratory family and write the four files of the table."""
    made = tabulate_exploratory(
        read_estimates(estimates), read_table(not_carried), read_table(claims), read_json(description), specs=specs,
        periods=periods, inference=inference, power=power, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
