"""Stack the estimates of every family in one tidy table and adjust for how many were made."""

import sys
from pathlib import Path


def main(*, families: list[str], hypotheses: str, estimates: str) -> None:
    """Write results/estimates.csv."""
    from evenfield.answers.multiplicity import adjust_estimates, families_of
    from evenfield.shared.estimates import stacked_estimates, write_stacked
    from evenfield.study.files import read_table

    stacked = stacked_estimates(families)
    write_stacked(adjust_estimates(stacked, families_of(read_table(hypotheses))), estimates)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
