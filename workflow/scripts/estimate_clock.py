"""Estimate how the speed of convergence moved over time and over space."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import weights_from_edges
from evenfield.topics.rolling.estimate import clock_studies, estimate_clock
from evenfield.topics.rolling.estimate_spec import parse_clock_specs


def main(
    *,
    panels: list[str],
    periods: list[str],
    descriptions: list[str],
    weights: list[str],
    weights_descriptions: list[str],
    estimates: str,
    series: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    inference: Mapping[str, Any],
    unit_scheme: str,
) -> None:
    """Read one set of files for each unit scheme, in the same order, and write the clock family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    schemes = scheme_infos(studies)
    years = {name: read_table(path, text=("basis",)) for name, path in zip(names, panels, strict=True)}
    frames = {name: read_table(path, text=("basis",)) for name, path in zip(names, periods, strict=True)}
    matrices = {
        study["unit_scheme"]: weights_from_edges(read_table(edges), study["units"], read_json(described))
        for study, edges, described in zip(studies, weights, weights_descriptions, strict=True)
    }
    specs = parse_clock_specs(spec, schemes, unit_scheme)
    joined = clock_studies(studies, years, frames, matrices, schemes)
    results = estimate_clock(joined, specs, parse_inference_spec(inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
