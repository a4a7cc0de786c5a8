"""Write the paper: its Typst source, its references and the PDF."""

import sys
from pathlib import Path
from typing import Any


def main(*, paper: str, source: str, references: str, **given: Any) -> None:
    """Write the paper, its Typst source and its references from the rule's named inputs and parameters."""
    from evenfield.report.context import Inputs
    from evenfield.report.paper import write_paper

    write_paper(Inputs(**given), source, references, paper)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
