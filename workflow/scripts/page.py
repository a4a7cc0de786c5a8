"""Write the two pages: the answer, and all tables and figures."""

from pathlib import Path
from typing import Any


def main(*, page: str, tables: str, estimates: str, **given: Any) -> None:
    """Write the pages from the folder of ``estimates.csv`` and the files of tables and
    figures.
    """
    from evenfield.report.page import write_pages

    needed = {name: given[name] for name in ("config", "exhibits", "scripts", "texts")}
    write_pages(page, tables, root=Path(estimates).parent, **needed)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
