"""Write the results page: one HTML file that needs nothing else."""

import sys
from pathlib import Path
from typing import Any


def main(
    *, page: str, estimates: str, exhibits: list[str], config: dict[str, Any], scripts: dict[str, str], **_inputs: Any
) -> None:
    """Write the page from the folder of ``estimates.csv`` and the files of tables and figures."""
    from evenfield.report.page import write_page

    write_page(page, config=config, root=Path(estimates).parent, exhibits=exhibits, scripts=scripts)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
