"""Estimate beta convergence."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import parse_inference_spec, scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.study.spatial_weights import weights_from_edges
from evenfield.topics.beta.estimate import estimate_beta
from evenfield.topics.beta.estimate_spec import controls_of, parse_beta_specs


def main(
    *,
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
    """Read one set of files for each unit scheme, in the same order, and write the beta family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    schemes = scheme_infos(studies)
    frames = {name: read_table(path, text=("basis",)) for name, path in zip(names, periods, strict=True)}
    matrices = {
        study["unit_scheme"]: weights_from_edges(read_table(edges), study["units"], read_json(described))
        for study, edges, described in zip(studies, weights, weights_descriptions, strict=True)
    }
    specs = parse_beta_specs(spec, controls_of(frames), schemes, unit_scheme)
    results = estimate_beta(frames, matrices, schemes, specs, parse_inference_spec(inference))
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
