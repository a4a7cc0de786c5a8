"""Draw F23: every claim under its verdict."""

from evenfield.answers.figure_dashboard import draw_dashboard
from evenfield.answers.table import TEXT
from evenfield.shared.figures.save import save_figure
from evenfield.study.files import read_json, read_table


def main(*, verdicts: str, content: str, figure: list[str]) -> None:
    """Read the verdicts and write the five files of the figure."""
    save_figure(draw_dashboard(read_table(verdicts, TEXT), read_json(content)), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
