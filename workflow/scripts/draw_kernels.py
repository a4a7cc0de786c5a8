"""Draw F9: stochastic kernels of relative income and their ergodic densities."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.kernels import draw_kernels
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_table


def main(*, series: str, estimates: str, figure: list[str], spec: str, periods: Mapping[str, Any]) -> None:
    """Read the distribution family and write the five files of the figure."""
    table = read_table(series, (*TEXT, "group"))
    save_figure(draw_kernels(table, read_estimates(estimates), spec=spec, periods=periods), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
