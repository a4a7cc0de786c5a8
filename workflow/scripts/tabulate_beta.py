"""Tabulate T6: beta and sigma convergence by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.tables.units import shown_periods
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json
from evenfield.topics.beta.table import tabulate_beta


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
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
