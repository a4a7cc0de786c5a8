"""Draw F1b: the map of outlines coloured by cell."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import cells_of, last_main_period
from evenfield.study.files import read_json, read_table
from evenfield.topics.groups.figure_outlines import draw_outline_map


def main(
    *, cells: str, units: str, cases: str, outlines: str, figure: list[str], taxonomy: str,
    periods: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read cells, names, cases and outlines, and write the five files of the figure."""
    placed = cells_of(read_table(cells, TEXT), taxonomy, last_main_period(periods))
    drawn = draw_outline_map(placed, read_table(units, TEXT), read_table(cases, TEXT), read_json(outlines), study)
    save_figure(drawn, figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
