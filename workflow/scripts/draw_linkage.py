"""Draw F19: coefficient of the neighbours' intensity by the moderator."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.linkage import draw_linkage, linkage_panels, linkage_rows
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_table


def main(*, series: str, figure: list[str], section: Mapping[str, Any], inference: Mapping[str, Any]) -> None:
    """Read the linkage family's series and write the five files of the figure."""
    panels, moderator = linkage_panels(section)
    rows = linkage_rows(read_table(series, TEXT), list(panels))
    save_figure(draw_linkage(rows, panels, moderator, inference["conf_level"]), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
