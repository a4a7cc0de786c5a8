"""Draw F12: what each unit sends to all others and receives from them."""

from evenfield.artifacts.figures.reach import draw_reach, reach_marks
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_json, read_table


def main(*, reach: str, fit: str, units: str, figure: list[str]) -> None:
    """Read effects by unit and write the five files of the figure."""
    summary = read_json(fit)
    rows = reach_marks(read_table(reach, (*TEXT, "estimator")), summary, read_table(units, TEXT))
    save_figure(draw_reach(rows, summary), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
