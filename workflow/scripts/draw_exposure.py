"""Draw F13: own and neighbours' coefficients by period, with the equivalence band."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import shown_periods
from evenfield.study.files import read_table
from evenfield.topics.exposure.figure import coefficient_rows, draw_exposure


def main(*, series: str, figure: list[str], spec: Mapping[str, Any], periods: Mapping[str, Any], power: float) -> None:
    """Read the exposure family's series and write the five files of the figure."""
    shown = shown_periods(periods, ("main", "span"))
    rows = coefficient_rows(read_table(series, TEXT), spec, shown)
    save_figure(draw_exposure(rows, shown, periods, power), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
