"""Write the paper: its Typst source, its references and the PDF."""

from typing import Any

from evenfield.report.context import Inputs
from evenfield.report.paper import write_paper


def main(
    *, estimates: str, exhibits: list[str], design: list[str], spread: list[str], ingest: str, panel: str, units: str,
    claims: str, reasons: str, config: dict[str, Any], scripts: dict[str, str], paper: str, source: str,
    references: str, sources: str | None = None,
) -> None:  # fmt: skip
    """Write paper.pdf, paper.typ and references.bib."""
    inputs = Inputs(estimates=estimates, exhibits=exhibits, design=design, ingest=ingest, panel=panel, units=units,
                    claims=claims, reasons=reasons, sources=sources, config=config, scripts=scripts,
                    spread=spread)  # fmt: skip
    write_paper(inputs, source, references, paper)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
