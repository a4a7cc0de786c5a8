"""Build, check and describe every weights matrix of a unit scheme."""

from pathlib import Path
from typing import Any

from evenfield.study.files import read_json, read_table, write_json, write_table
from evenfield.study.weights.build import build_geography, build_weights, edge_list


def main(
    *,
    panel: str,
    units: str,
    adjacency: str,
    description: str,
    spec: dict[str, Any],
    edges: list[str],
    descriptions: list[str],
) -> None:
    """Write one edge list and one description per entry of ``spec['families']``."""
    geography = build_geography(
        read_table(units), read_table(adjacency), read_table(panel), spec["join"], read_json(description)["merged"]
    )
    for edge_path, description_path in zip(edges, descriptions, strict=True):
        name = Path(edge_path).stem
        weights = build_weights(name, spec["families"][name], geography)
        write_table(edge_list(weights), edge_path)
        write_json(weights.spec, description_path)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
