"""Write the paper: its Typst source, its references and the PDF."""

from typing import Any

from evenfield.report.context import Inputs
from evenfield.report.paper import write_paper


def main(*, paper: str, source: str, references: str, **given: Any) -> None:
    """Write the paper, its Typst source and its references from the rule's named inputs and parameters."""
    write_paper(Inputs(**given), source, references, paper)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
