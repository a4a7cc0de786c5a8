"""Draw F24: our speeds of convergence beside published ones."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.study.files import read_table
from evenfield.topics.benchmarks.figure import draw_benchmarks, forest_rows
from evenfield.topics.benchmarks.table import benchmark_rows


def main(*, benchmarks: str, estimates: str, figure: list[str], periods: Mapping[str, Any]) -> None:
    """Read benchmarks and estimates and write the five files of the figure."""
    ours = read_estimates(estimates)
    rows = benchmark_rows(read_table(benchmarks), ours, periods)
    save_figure(draw_benchmarks(forest_rows(rows, ours.set_index("estimate_id")["unit_of_measure"])), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
