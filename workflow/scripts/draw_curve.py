"""Draw F20: specification curves."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.specification_curve.figure import curve_rows, draw_curve


def main(
    *, series: str, estimates: str, figure: list[str], spec: Mapping[str, Any], periods: Mapping[str, Any]
) -> None:  # fmt: skip
    """Read the curves and write the five files of the figure."""
    rows = curve_rows(read_table(series, (*TEXT, "curve", "sample", "weights", "taxonomy", "controls", "reason")))
    save_figure(draw_curve(rows, read_estimates(estimates), spec["curves"], periods), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
