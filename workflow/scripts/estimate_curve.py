"""Gather the chunks of the specification curves and test each curve jointly."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import ROW_SCALED, write_estimates
from evenfield.study.files import read_json, read_tables, write_json, write_results
from evenfield.topics.specification_curve.estimate import TEXT, estimate_curves
from evenfield.topics.specification_curve.estimate_spec import parse_curves


def main(
    *, draws: list[str], specifications: list[str], description: str, spec: Mapping[str, Any],
    study: Mapping[str, Any], estimates: str, series: str, fit: str,
) -> None:  # fmt: skip
    """Write the summaries, every specification and the conventions."""
    about = read_json(description)
    bases = {row["period"]: row["basis"] for row in about["periods"]}
    results = estimate_curves(
        parse_curves(spec, study), read_tables(specifications, text=TEXT), read_tables(draws), bases, about["data_hash"]
    )
    write_estimates(results.estimates, estimates)
    write_results(results.specifications, series, by_row=ROW_SCALED)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
