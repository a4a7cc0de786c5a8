"""Draw F24: our speeds of convergence beside published ones."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.benchmarks import draw_benchmarks, forest_rows
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.tables.benchmarks import benchmark_rows
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_table


def main(*, benchmarks: str, estimates: str, figure: list[str], periods: Mapping[str, Any]) -> None:
    """Read benchmarks and estimates and write the five files of the figure."""
    ours = read_estimates(estimates)
    rows = benchmark_rows(read_table(benchmarks), ours, periods)
    save_figure(draw_benchmarks(forest_rows(rows, ours.set_index("estimate_id")["unit_of_measure"])), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
