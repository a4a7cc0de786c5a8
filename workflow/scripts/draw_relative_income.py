"""Draw F3: relative income by cell over time."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.relative_income.figure import cell_paths, draw_relative_income


def main(*, series: str, figure: list[str], taxonomy: str, unit_scheme: str, study: Mapping[str, Any]) -> None:
    """Read the profile family's series and write the five files of the figure."""
    paths = cell_paths(read_table(series, TEXT), taxonomy, unit_scheme)
    save_figure(draw_relative_income(paths, study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
