"""Draw F5c: the convergence clock."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.clock import draw_clock
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_table


def main(*, series: str, figure: list[str], spec: str, study: Mapping[str, Any]) -> None:
    """Read the clock family's series and write the five files of the figure."""
    save_figure(draw_clock(read_table(series, TEXT), spec=spec, study=study), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
