"""Write the results page: one HTML file that needs nothing else."""

import sys
from pathlib import Path
from typing import Any


def main(*, page: str, **given: Any) -> None:
    """Write the page from the rule's named inputs and parameters."""
    from evenfield.report.context import Inputs
    from evenfield.report.page import write_page

    write_page(Inputs(**given), page)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
