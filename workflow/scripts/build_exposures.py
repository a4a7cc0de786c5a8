"""Multiply every weights matrix with taxonomy cells and zone doses."""

from evenfield.study.files import read_json, read_table, write_table
from evenfield.study.spatial_weights import read_weights
from evenfield.study.weights.exposures import exposure_frame, mean_doses


def main(
    *, edges: list[str], descriptions: list[str], cells: str, doses: str, description: str, exposures: str
) -> None:
    """Write exposures by weights, taxonomy, period and unit."""
    study = read_json(description)
    weights = read_weights(edges, descriptions, study["units"])
    averaged = mean_doses(read_table(doses), study["periods"], study["units"])
    write_table(exposure_frame(weights, read_table(cells), averaged), exposures)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
