"""Build, check and describe the weights of a unit scheme, and multiply them with
taxonomy cells and zone doses.
"""

from pathlib import Path
from typing import Any


def main(
    *,
    panel: str,
    units: str,
    adjacency: str,
    cells: str,
    doses: str,
    description: str,
    spec: dict[str, Any],
    edges: list[str],
    descriptions: list[str],
    exposures: str,
) -> None:
    """Write an edge list and a description for each entry of ``spec['families']``, and
    the exposures.
    """
    from evenfield.study.files import read_json, write_json
    from evenfield.study.table_files import read_table, write_table
    from evenfield.study.weights.build import build_geography, build_weights, edge_list
    from evenfield.study.weights.exposures import exposure_frame, mean_doses

    panel_facts = read_json(description)
    geography = build_geography(
        read_table(units),
        read_table(adjacency),
        read_table(panel),
        spec["join"],
        panel_facts["merged"],
    )
    matrices = {}
    for edge_path, description_path in zip(edges, descriptions, strict=True):
        name = Path(edge_path).stem
        weights = build_weights(name, spec["families"][name], geography)
        matrices[name] = weights
        write_table(edge_list(weights), edge_path)
        write_json(weights.spec, description_path)
    averaged = mean_doses(
        read_table(doses), panel_facts["periods"], panel_facts["units"]
    )
    write_table(exposure_frame(matrices, read_table(cells), averaged), exposures)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
