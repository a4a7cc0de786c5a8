"""Draw F2: new zones by type and year, and the support of comparisons."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT
from evenfield.study.files import read_table
from evenfield.topics.groups.figure_rollout import draw_rollout, support_by_year


def main(*, doses: str, series: str, figure: list[str], study: Mapping[str, Any]) -> None:
    """Read zones in force and the design diagnostics, and write the five files of the figure."""
    support = support_by_year(read_table(series, TEXT))
    save_figure(draw_rollout(read_table(doses, TEXT), support, study), figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
