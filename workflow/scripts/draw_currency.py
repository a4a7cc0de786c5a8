"""Draw F8: the log t statistic in every currency unit."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.clubs import draw_currency
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_table


def main(
    *, series: str, estimates: str, figure: list[str], specs: list[Mapping[str, Any]], periods: Mapping[str, Any]
) -> None:
    """Read the clubs family and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group"))
    save_figure(draw_currency(table, read_estimates(estimates), specs=specs, periods=periods), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
