"""Draw F20: specification curves."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.curve import curve_rows, draw_curve
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_table


def main(
    *, series: str, estimates: str, figure: list[str], spec: Mapping[str, Any], periods: Mapping[str, Any]
) -> None:  # fmt: skip
    """Read the curves and write the five files of the figure."""
    rows = curve_rows(read_table(series, (*TEXT, "curve", "sample", "weights", "taxonomy", "controls", "reason")))
    save_figure(draw_curve(rows, read_estimates(estimates), spec["curves"], periods), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
