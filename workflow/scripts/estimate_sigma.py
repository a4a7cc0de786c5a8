"""Estimate sigma convergence."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.sigma.estimate import estimate_sigma
from evenfield.topics.sigma.estimate_spec import parse_sigma_specs


def main(
    *,
    panels: list[str],
    periods: list[str],
    descriptions: list[str],
    estimates: str,
    series: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    inference: Mapping[str, Any],
    unit_scheme: str,
) -> None:
    """Read one set of files for each unit scheme, in the same order, and write the sigma family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    schemes = scheme_infos(studies)
    years = {name: read_table(path, text=("basis",)) for name, path in zip(names, panels, strict=True)}
    frames = {name: read_table(path, text=("basis",)) for name, path in zip(names, periods, strict=True)}
    specs = parse_sigma_specs(spec, schemes, unit_scheme)
    results = estimate_sigma(years, frames, schemes, specs, parse_inference_spec(inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
