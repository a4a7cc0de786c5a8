"""Regress income on own and neighbours' foreign enterprises and zones, by predetermined industry."""

from typing import Any

from evenfield.shared.estimates import ROW_SCALED, write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.linkages.estimate import estimate_linkage
from evenfield.topics.linkages.estimate_spec import parse_linkage_settings, parse_linkage_specs


def main(
    *, panel: str, doses: str, units: str, description: str, weights: list[str], weights_descriptions: list[str],
    spec: dict[str, Any], sesoi: dict[str, float], inference: dict[str, Any], power: float, estimates: str,
    series: str, fit: str,
) -> None:  # fmt: skip
    """Write the estimates, the marginal effects by moderator and a summary."""
    study = read_json(description)
    results = estimate_linkage(
        read_table(panel, text=("basis",)), read_table(doses), read_table(units),
        read_weights(weights, weights_descriptions, study["units"]), study, parse_linkage_specs(spec),
        parse_linkage_settings(spec, sesoi, inference, power),
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_results(results.series, series, by_row=ROW_SCALED)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
