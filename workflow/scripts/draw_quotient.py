"""Draw F18: location quotients by year."""

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.fading.figure import draw_quotient


def main(*, series: str, figure: list[str]) -> None:
    """Read the fading family's series and write the five files of the figure."""
    save_figure(draw_quotient(read_table(series, TEXT)), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
