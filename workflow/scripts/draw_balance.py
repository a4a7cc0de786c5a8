"""Draw F17: the urban-rural income ratio by cell."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.balance.figure import draw_balance, gap_paths


def main(*, series: str, figure: list[str], spec: str, study: Mapping[str, Any]) -> None:
    """Read the balance family's series and write the five files of the figure."""
    save_figure(draw_balance(gap_paths(read_table(series, (*TEXT, "window")), spec), study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
