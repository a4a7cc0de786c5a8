"""Estimate the speed of convergence in dynamic panels."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.dynamic_panel.estimate import estimate_dynamic
from evenfield.topics.dynamic_panel.estimate_spec import parse_dynamic_settings, parse_dynamic_specs


def main(
    *,
    panels: list[str],
    descriptions: list[str],
    estimates: str,
    series: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    sesoi: Mapping[str, float],
    inference: Mapping[str, Any],
    power: float,
    unit_scheme: str,
) -> None:
    """Read one panel for each unit scheme, in the same order, and write the dynamic family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    schemes = scheme_infos(studies)
    frames = {name: read_table(path, text=("basis",)) for name, path in zip(names, panels, strict=True)}
    periods = {study["unit_scheme"]: study["periods"] for study in studies}
    known = [item["period"] for item in periods[unit_scheme]]
    specs = parse_dynamic_specs(spec, schemes, known, unit_scheme)
    results = estimate_dynamic(frames, periods, schemes, specs, parse_dynamic_settings(sesoi, inference, power))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
