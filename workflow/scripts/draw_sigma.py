"""Draw F5: dispersion over time with the leave-one-out band."""

from collections.abc import Mapping
from typing import Any

from evenfield.artifacts.figures.save import save_figure
from evenfield.artifacts.figures.sigma import draw_sigma
from evenfield.artifacts.rows import TEXT
from evenfield.contracts.files import read_table


def main(*, series: str, figure: list[str], unit_scheme: str, study: Mapping[str, Any]) -> None:
    """Read the sigma family's series and write the five files of the figure."""
    save_figure(draw_sigma(read_table(series, TEXT), unit_scheme, study), figure)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
