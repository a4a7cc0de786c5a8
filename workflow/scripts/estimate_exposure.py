"""Regress growth on own and neighbours' clusters and SEZs, period by period."""

from typing import Any

from evenfield.contracts.estimates import ROW_SCALED, write_estimates
from evenfield.contracts.files import read_json, read_table, write_json, write_results
from evenfield.estimates.spillover.exposure import estimate_exposure
from evenfield.estimates.spillover.exposure_data import parse_exposure_specs, parse_settings


def main(
    *, periods: str, exposures: str, units: str, description: str, specs: list[dict[str, Any]],
    sesoi: dict[str, float], inference: dict[str, Any], power: float, estimates: str, series: str,
    residuals: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates, their path by period, the exposures and residuals by unit, and a summary."""
    results = estimate_exposure(
        read_table(periods), read_table(exposures), read_table(units), read_json(description),
        parse_exposure_specs(specs), parse_settings(sesoi, inference, power),
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_results(results.path, series, by_row=ROW_SCALED)
    write_results(results.units, residuals)
    write_json(results.summary, fit)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
