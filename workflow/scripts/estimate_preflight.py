"""Run the pre-flight: cross-section dependence, unit roots in time and in space, and the rule."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.unit_roots.estimate import PreflightStudy, estimate_preflight
from evenfield.topics.unit_roots.estimate_spec import parse_preflight_specs


def main(
    *,
    panels: list[str],
    periods: list[str],
    units: list[str],
    descriptions: list[str],
    estimates: str,
    series: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    inference: Mapping[str, Any],
    unit_scheme: str,
) -> None:
    """Read one set of files for each unit scheme, in the same order, and write the pre-flight family."""
    schemes = scheme_infos(described := [read_json(path) for path in descriptions])
    studies = {}
    for study, panel, period, unit in zip(described, panels, periods, units, strict=True):
        frames = [read_table(path, text=("basis",)) for path in (panel, period, unit)]
        studies[study["unit_scheme"]] = PreflightStudy(*frames, schemes[study["unit_scheme"]])
    specs = parse_preflight_specs(spec, schemes, unit_scheme)
    results = estimate_preflight(studies, specs, parse_inference_spec(inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
