"""Write the results page: one HTML file that needs nothing else."""

from typing import Any

from evenfield.report.context import Inputs
from evenfield.report.page import write_page


def main(
    *, estimates: str, exhibits: list[str], design: list[str], spread: list[str], ingest: str, panel: str, units: str,
    claims: str, reasons: str, config: dict[str, Any], scripts: dict[str, str], page: str, sources: str | None = None,
) -> None:  # fmt: skip
    """Write results/report/index.html."""
    inputs = Inputs(estimates=estimates, exhibits=exhibits, design=design, ingest=ingest, panel=panel, units=units,
                    claims=claims, reasons=reasons, sources=sources, config=config, scripts=scripts,
                    spread=spread)  # fmt: skip
    write_page(inputs, page)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
