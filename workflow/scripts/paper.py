"""Write the paper: its Typst source, its references and the PDF."""

import sys
from pathlib import Path
from typing import Any


def main(*, paper: str, source: str, references: str, estimates: str, **given: Any) -> None:
    """Write the paper from the folder of ``estimates.csv`` and the files of tables and figures."""
    from evenfield.report.paper import write_paper

    kept = {name: given[name] for name in ("config", "exhibits", "scripts")}
    write_paper(source, references, paper, root=Path(estimates).parent, **kept)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
