"""Estimate one topic."""

from importlib import import_module
from pathlib import Path
from typing import Any


def main(
    *, topic: str, config: dict[str, Any], chunks: list[str], files: list[str]
) -> None:
    """Write the tidy rows, series and summary of ``topic``; a topic in chunks takes the
    files that they wrote.
    """
    from evenfield.study.study import Study

    folder = Path(files[0]).parent
    study = Study(config, folder.parents[1])
    estimate = import_module(f"evenfield.topics.{topic}.estimate").estimate
    (estimate(study, chunks) if chunks else estimate(study)).write(folder)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
