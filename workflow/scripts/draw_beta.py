"""Draw F4: growth against initial income by period."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.beta import draw_beta
from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.rows import TEXT, only
from evenfield.artifacts.units import shown_periods
from evenfield.contracts.estimates import read_estimates
from evenfield.contracts.files import read_json, read_table


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
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
