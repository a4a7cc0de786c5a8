"""Draw F4: growth against initial income by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import read_estimates
from evenfield.shared.figures.save import save_figure
from evenfield.shared.tables.rows import TEXT, only
from evenfield.shared.tables.units import shown_periods
from evenfield.study.files import read_json, read_table
from evenfield.topics.beta.figure import draw_beta


def main(
    *, series: str, estimates: str, cells: str, description: str, figure: list[str], spec: str, taxonomy: str,
    periods: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the beta family and the cells, and write the five files of the figure."""
    drawn = draw_beta(
        read_table(series, TEXT), read_estimates(estimates), only(read_table(cells, TEXT), taxonomy=taxonomy),
        spec=spec, shown=shown_periods(periods, ("main",)), periods=periods,
        income_unit=read_json(description)["income_unit"],
    )  # fmt: skip
    save_figure(drawn, figure)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
