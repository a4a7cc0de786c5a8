"""Tabulate T22: change of zone premiums, and location quotients."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.fading.table import tabulate_fading


def main(
    *, estimates: str, fit: str, description: str, table: list[str], periods: Mapping[str, Any],
    inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any], taxonomy: str,
) -> None:  # fmt: skip
    """Read the family and write the four files of the table."""
    made = tabulate_fading(
        read_estimates(estimates), read_json(description), fit=read_json(fit), periods=periods, inference=inference,
        power=power,
        study=study, taxonomy=taxonomy,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
