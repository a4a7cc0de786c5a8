"""Draw F12: what each unit sends to all others and receives from them."""

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_json, read_table
from evenfield.topics.spatial_panel.figure_reach import draw_reach, reach_marks


def main(*, reach: str, fit: str, units: str, figure: list[str]) -> None:
    """Read effects by unit and write the five files of the figure."""
    summary = read_json(fit)
    rows = reach_marks(read_table(reach, (*TEXT, "estimator")), summary, read_table(units, TEXT))
    save_figure(draw_reach(rows, summary), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
