"""Draw F1: the tile-grid map of cells with the cases."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import cells_of, last_main_period
from evenfield.study.files import read_table
from evenfield.topics.groups.figure import draw_tile_map


def main(
    *, cells: str, units: str, cases: str, figure: list[str], taxonomy: str, periods: Mapping[str, Any],
    study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read cells, tiles and cases, and write the five files of the figure."""
    placed = cells_of(read_table(cells, TEXT), taxonomy, last_main_period(periods))
    save_figure(draw_tile_map(placed, read_table(units, TEXT), read_table(cases, TEXT), study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
