"""Estimate convergence by regime: initial income times exposure, period by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import ROW_SCALED, write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.regime.estimate import estimate_regime
from evenfield.topics.regime.estimate_panel import regime_panel_rows
from evenfield.topics.regime.estimate_spec import parse_regime_settings, parse_regime_specs


def main(
    *,
    panel: str,
    periods: str,
    exposures: str,
    units: str,
    description: str,
    estimates: str,
    series: str,
    points: str,
    support: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    sesoi: Mapping[str, float],
    inference: Mapping[str, Any],
    power: float,
) -> None:
    """Write the estimates, their path by period, the units, the common support and a summary."""
    exposed = read_table(exposures)
    specs = parse_regime_specs(spec, exposed["taxonomy"].unique().tolist(), exposed["weights"].unique().tolist())
    settings = parse_regime_settings(sesoi, inference, power)
    study = (read_table(periods), exposed, read_table(units), read_json(description), specs, settings)
    results = estimate_regime(*study)
    beside = regime_panel_rows(read_table(panel, text=("basis",)), *study)
    write_estimates([*results.estimates, *beside], estimates)
    write_results(results.path, series, by_row=ROW_SCALED)
    write_results(results.units, points)
    write_results(results.support, support)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
