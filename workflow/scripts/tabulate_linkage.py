"""Tabulate T20: linkage interactions."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.linkages.table import tabulate_linkage


def main(
    *, estimates: str, description: str, table: list[str], section: Mapping[str, Any], inference: Mapping[str, Any],
    power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the linkage family and write the four files of the table."""
    made = tabulate_linkage(read_estimates(estimates), read_json(description), section=section, inference=inference,
                            power=power, study=study)  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
