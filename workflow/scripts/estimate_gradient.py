"""Estimate where clusters lie: East, South within the East, neighbours."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json
from evenfield.study.spatial_weights import weights_from_edges
from evenfield.topics.gradient.estimate import GradientStudy, estimate_gradient
from evenfield.topics.gradient.estimate_spec import parse_gradient_specs


def main(
    *,
    units: str,
    cells: str,
    clusters: str,
    description: str,
    weights: str,
    weights_description: str,
    estimates: str,
    fit: str,
    spec: list[Mapping[str, Any]],
    inference: Mapping[str, Any],
    power: float,
) -> None:
    """Read the main unit scheme and write the gradient family."""
    described = read_json(description)
    scheme = scheme_infos([described])[described["unit_scheme"]]
    matrix = weights_from_edges(read_table(weights), described["units"], read_json(weights_description))
    text = ("unit", "taxonomy", "period", "measure", "source", "note")
    frames = (read_table(path, text=text) for path in (units, cells, clusters))
    study = GradientStudy(*frames, matrix, scheme, described.get("merged") or {})
    specs = parse_gradient_specs(spec, scheme)
    rows, summary = estimate_gradient(study, specs, parse_inference_spec(inference), power)
    write_estimates(rows, estimates)
    write_json(summary, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
