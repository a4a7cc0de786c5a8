"""Draw F6: Theil T by year, stacked by what lies between and within groups."""

from evenfield.artifacts.figures.inequality import draw_inequality
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_json, read_table


def main(*, series: str, description: str, figure: list[str], spec: str, groupings: list[str]) -> None:
    """Read the inequality family's series and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group", "grouping", "measure"))
    save_figure(draw_inequality(table, read_json(description), spec=spec, groupings=groupings), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
