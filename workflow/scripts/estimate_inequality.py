"""Measure inequality between units and divide it by groups."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.shared.windows import spans_of
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.inequality.estimate import estimate_inequality
from evenfield.topics.inequality.estimate_spec import parse_inequality_specs


def main(
    *,
    panels: list[str],
    units: list[str],
    cells: list[str],
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
    """Read one set of files for each unit scheme, in the same order, and write the inequality family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    schemes = scheme_infos(studies)
    years = {name: read_table(path, text=("basis",)) for name, path in zip(names, panels, strict=True)}
    places = {name: read_table(path) for name, path in zip(names, units, strict=True)}
    groups = {name: read_table(path, text=("taxonomy", "cell")) for name, path in zip(names, cells, strict=True)}
    pairs = zip(studies, weights, weights_descriptions, strict=True)
    matrices = {study["unit_scheme"]: read_weights([edges], [about], study["units"]) for study, edges, about in pairs}
    results = estimate_inequality(
        years,
        places,
        groups,
        matrices,
        schemes=schemes,
        spans={name: spans_of(study) for name, study in zip(names, studies, strict=True)},
        specs=parse_inequality_specs(spec, schemes, unit_scheme),
        inference=parse_inference_spec(inference),
    )
    write_estimates(results.estimates, estimates)
    write_results(results.series, series, by_row=("value", "share"))
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
