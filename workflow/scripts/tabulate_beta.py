"""Tabulate T6: beta and sigma convergence by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.tables.beta import tabulate_beta
from evenfield.artifacts.units import shown_periods
from evenfield.artifacts.write import write_table_files
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json


def main(
    *, beta: str, sigma: str, description: str, table: list[str], specs: list[Mapping[str, Any]], weights: str,
    periods: Mapping[str, Any], controls: Mapping[str, Any], inference: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the beta and sigma families and write the four files of the table."""
    made = tabulate_beta(
        read_estimates(beta), read_estimates(sigma), read_json(description), specs=specs,
        shown=shown_periods(periods, ("main", "variant", "span")), periods=periods, controls=controls,
        inference=inference, weights=weights, study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
