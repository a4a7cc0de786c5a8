"""Compute one chunk of the specification curves: on the data and under permuted treatments."""

from collections.abc import Mapping
from typing import Any

from evenfield.study.files import read_json, read_table, write_results
from evenfield.study.spatial_weights import read_weights
from evenfield.topics.specification_curve.estimate import specification_rows
from evenfield.topics.specification_curve.estimate_data import read_samples, scheme_tables
from evenfield.topics.specification_curve.estimate_draws import chunk_of_draws, chunk_of_specifications, permuted_curves
from evenfield.topics.specification_curve.estimate_spec import parse_curves


def main(
    *, periods: list[str], panels: list[str], cells: list[str], units: list[str], descriptions: list[str],
    weights: list[str], weights_descriptions: list[str], draws: str, specifications: str, spec: Mapping[str, Any],
    study: Mapping[str, Any], inference: Mapping[str, Any], chunk: str,
) -> None:  # fmt: skip
    """Write this chunk's specifications and the summaries of its draws."""
    tables = {}
    for period, panel, cell, unit, description in zip(periods, panels, cells, units, descriptions, strict=True):
        about = read_json(description)
        place = f"/{about['unit_scheme']}/"
        edges, words = ([path for path in paths if place in path] for paths in (weights, weights_descriptions))
        tables[about["unit_scheme"]] = scheme_tables(
            read_table(period, text=("basis",)), read_table(panel, text=("basis",)), read_table(cell, text=("cell",)),
            read_table(unit), read_weights(edges, words, about["units"]),
        )  # fmt: skip
    curves, samples = parse_curves(spec, study), read_samples(study["samples"])
    span, part = chunk_of_draws(spec["draws"], chunk), chunk_of_specifications(chunk)
    write_results(permuted_curves(curves, tables, samples, inference["seed"], span), draws)
    write_results(specification_rows(curves, tables, samples, inference["conf_level"], part), specifications)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
