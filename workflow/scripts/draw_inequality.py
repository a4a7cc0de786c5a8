"""Draw F6: Theil T by year, stacked by what lies between and within groups."""

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_json, read_table
from evenfield.topics.inequality.figure import draw_inequality


def main(*, series: str, description: str, figure: list[str], spec: str, groupings: list[str]) -> None:
    """Read the inequality family's series and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group", "grouping", "measure"))
    save_figure(draw_inequality(table, read_json(description), spec=spec, groupings=groupings), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
