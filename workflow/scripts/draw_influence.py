"""Draw F22: range of the deciding estimates when one unit is left out."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.deciding import TEXT, all_labels
from evenfield.answers.figure import draw_influence
from evenfield.shared.figures.save import save_figure
from evenfield.study.files import read_table


def main(*, rows: str, figure: list[str], periods: Mapping[str, Any]) -> None:
    """Read the deciding rows and write the five files of the figure."""
    save_figure(draw_influence(read_table(rows, TEXT), all_labels(periods)), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
