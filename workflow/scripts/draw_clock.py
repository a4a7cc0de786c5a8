"""Draw F5c: the convergence clock."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.rolling.figure import draw_clock


def main(*, series: str, figure: list[str], spec: str, study: Mapping[str, Any]) -> None:
    """Read the clock family's series and write the five files of the figure."""
    save_figure(draw_clock(read_table(series, TEXT), spec=spec, study=study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
