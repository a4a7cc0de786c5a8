"""Draw F5: dispersion over time with the leave-one-out band."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.sigma.figure import draw_sigma


def main(*, series: str, figure: list[str], unit_scheme: str, study: Mapping[str, Any]) -> None:
    """Read the sigma family's series and write the five files of the figure."""
    save_figure(draw_sigma(read_table(series, TEXT), unit_scheme, study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
