"""Write the results page: one HTML file that needs nothing else."""

from typing import Any

from evenfield.report.context import Inputs
from evenfield.report.page import write_page


def main(*, page: str, **given: Any) -> None:
    """Write the page from the rule's named inputs and parameters."""
    write_page(Inputs(**given), page)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
