"""Draw F10: Moran's I over time and the strip of local Moran."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.moran.figure import draw_pattern


def main(*, series: str, figure: list[str], spec: str, discovery_rate: float, study: Mapping[str, Any]) -> None:
    """Read the pattern family's series and write the five files of the figure."""
    table = read_table(series, (*TEXT, "controls", "quadrant"))
    save_figure(draw_pattern(table, spec=spec, discovery_rate=discovery_rate, study=study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
