"""Draw F7: relative transition paths by club and the heat map of shared clubs."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_json, read_table
from evenfield.topics.clubs.figure import draw_clubs


def main(*, series: str, description: str, figure: list[str], spec: str, study: Mapping[str, Any]) -> None:
    """Read the clubs family's series and write the five files of the figure."""
    drawn = draw_clubs(read_table(series, (*TEXT, "group")), read_json(description), spec=spec, study=study)
    save_figure(drawn, figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
