"""Draw F9: stochastic kernels of relative income and their ergodic densities."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.distribution.figure import draw_kernels


def main(*, series: str, estimates: str, figure: list[str], spec: str, periods: Mapping[str, Any]) -> None:
    """Read the distribution family and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group"))
    save_figure(draw_kernels(table, read_estimates(estimates), spec=spec, periods=periods), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
