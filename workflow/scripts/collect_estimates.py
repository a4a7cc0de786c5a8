"""Stack the estimates of every family in one tidy table."""

from evenfield.contracts.estimates import stack_estimates


def main(*, families: list[str], estimates: str) -> None:
    """Write results/estimates.csv."""
    stack_estimates(families, estimates)


if "snakemake" in globals():
    from evenfield.contracts.door import enter

    enter(snakemake, main)  # noqa: F821
