"""Tabulate T31: exploratory statements."""

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.artifacts.tables.exploratory import tabulate_exploratory
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json, read_table


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
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
