"""Write paper and appendix: their Typst sources, their references and the PDFs."""

from pathlib import Path
from typing import Any


def main(*, estimates: str, **given: Any) -> None:
    """Write both from the folder of ``estimates.csv``, the texts and the files of
    tables and figures.
    """
    from evenfield.report.paper import write_paper

    needed = (
        "sources",
        "papers",
        "references",
        "config",
        "exhibits",
        "scripts",
        "texts",
    )
    write_paper(root=Path(estimates).parent, **{name: given[name] for name in needed})


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
