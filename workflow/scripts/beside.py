"""Run the study in a folder beside, and take its manifest and the tables and figures that are
shown of it.
"""

from functools import partial


def main(*, folder: str, manifest: str, exhibits: list[str], cores: int) -> None:
    """Write the manifest of the study in ``folder`` and copy ``exhibits`` from there."""
    from engine.second_studies import run_study, take

    run_study(folder, cores)
    take(folder, manifest, exhibits)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, partial(main, cores=snakemake.threads))  # noqa: F821
