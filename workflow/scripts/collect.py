"""Stack the estimates of every family in one tidy table and adjust for how many were
made.
"""

from typing import Any


def main(*, families: list[str], primary: dict[str, Any], estimates: str) -> None:
    """Write results/estimates.csv; ``primary`` holds the selection of the primary row
    of each hypothesis.
    """
    from evenfield.answers.rows import adjusted
    from evenfield.shared.estimates import stacked_estimates, write_stacked

    write_stacked(adjusted(stacked_estimates(families), primary), estimates)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
