"""Draw F19: coefficient of the neighbours' intensity by the moderator."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.linkages.figure import draw_linkage, linkage_panels, linkage_rows


def main(*, series: str, figure: list[str], section: Mapping[str, Any], inference: Mapping[str, Any]) -> None:
    """Read the linkage family's series and write the five files of the figure."""
    panels, moderator = linkage_panels(section)
    rows = linkage_rows(read_table(series, TEXT), list(panels))
    save_figure(draw_linkage(rows, panels, moderator, inference["conf_level"]), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
