"""Estimate the spatial pattern of income, growth, clusters and zones."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import weights_from_edges
from evenfield.topics.moran.estimate import PatternStudy, estimate_pattern
from evenfield.topics.moran.estimate_spec import parse_pattern_specs


def main(
    *,
    panels: list[str],
    periods: list[str],
    cells: list[str],
    units: list[str],
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
    """Read one set of files for each unit scheme, in the same order, and write the pattern family."""
    described = [read_json(path) for path in descriptions]
    schemes = scheme_infos(described)
    studies = {}
    files = zip(described, panels, periods, cells, units, weights, weights_descriptions, strict=True)
    for study, panel, period, cell, unit, edges, description in files:
        name = study["unit_scheme"]
        matrix = weights_from_edges(read_table(edges), study["units"], read_json(description))
        frames = [read_table(path, text=("basis",)) for path in (panel, period)]
        others = [read_table(path, text=("taxonomy", "period", "unit")) for path in (cell, unit)]
        studies[name] = PatternStudy(*frames, *others, matrix, schemes[name])
    specs = parse_pattern_specs(spec, schemes, unit_scheme)
    results = estimate_pattern(studies, specs, parse_inference_spec(inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
