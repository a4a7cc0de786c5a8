"""Write paper and appendix: their Typst sources, their references and the PDFs, and the
paper as a folder of LaTeX.
"""

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
        "latex",
        "config",
        "exhibits",
        "scripts",
        "texts",
    )
    root = Path(estimates).parent
    write_paper(root=root, **{name: given[name] for name in needed})


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
