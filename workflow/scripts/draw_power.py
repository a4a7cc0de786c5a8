"""Draw F21: estimates against the smallest effects of interest and those the design could see."""

from collections.abc import Mapping
from typing import Any

from evenfield.answers.deciding import TEXT, all_labels
from evenfield.answers.figure import draw_power
from evenfield.shared.figures.save import save_figure
from evenfield.study.files import read_table


def main(*, rows: str, figure: list[str], periods: Mapping[str, Any]) -> None:
    """Read the deciding rows and write the five files of the figure."""
    save_figure(draw_power(read_table(rows, TEXT), all_labels(periods)), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
