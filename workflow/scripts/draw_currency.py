"""Draw F8: the log t statistic in every currency unit."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.clubs.figure import draw_currency


def main(
    *, series: str, estimates: str, figure: list[str], specs: list[Mapping[str, Any]], periods: Mapping[str, Any]
) -> None:
    """Read the clubs family and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group"))
    save_figure(draw_currency(table, read_estimates(estimates), specs=specs, periods=periods), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
