"""Tabulate T4: where clusters lie."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.artifacts.tables.gradient import tabulate_gradient
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, estimates: list[str], description: str, table: list[str], specs: list[Mapping[str, Any]],
    periods: Mapping[str, Any], inference: Mapping[str, Any], power: float, study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the gradient family, and the premium family where it is run, and write the four files of the table."""
    rows = pd.concat([read_estimates(path) for path in estimates], ignore_index=True)
    made = tabulate_gradient(
        rows, read_json(description), specs=specs, periods=periods, inference=inference, power=power, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
