"""Tabulate T15: direct and indirect effects of the spatial panels by model and weights."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.spatial_panel.table_effects import tabulate_spatial_effects


def main(
    *, estimates: str, fit: str, description: str, table: list[str], inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the spatial panel family and write the four files of the table."""
    made = tabulate_spatial_effects(
        read_estimates(estimates), read_json(fit), read_json(description), inference=inference, study=study
    )
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
