"""Tabulate T5: factor intensity of zone against cluster regions."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.factor_intensity.table import tabulate_factor_intensity


def main(
    *, estimates: str, fit: str, description: str, table: list[str], inference: Mapping[str, Any], power: float,
    study: Mapping[str, Any], taxonomy: str,
) -> None:  # fmt: skip
    """Read the family and write the four files of the table."""
    made = tabulate_factor_intensity(
        read_estimates(estimates), read_json(description), fit=read_json(fit), inference=inference, power=power,
        study=study, taxonomy=taxonomy,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
