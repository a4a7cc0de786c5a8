"""Compute one chunk of a topic; its estimates read all of them."""

from importlib import import_module
from pathlib import Path
from typing import Any


def main(*, topic: str, config: dict[str, Any], chunk: str, file: str) -> None:
    """Write the chunk that is named like ``2-of-4``."""
    from evenfield.study.study import Study

    number, of = (int(part) for part in chunk.split("-of-"))
    study = Study(config, Path(file).parents[2])
    import_module(f"evenfield.topics.{topic}.estimate").chunk(study, number, of).keep(
        file
    )


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
