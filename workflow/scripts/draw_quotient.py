"""Draw F18: location quotients by year."""

from evenfield.artifacts.figures.quotient import draw_quotient
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_table


def main(*, series: str, figure: list[str]) -> None:
    """Read the fading family's series and write the five files of the figure."""
    save_figure(draw_quotient(read_table(series, TEXT)), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
