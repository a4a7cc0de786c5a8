"""Estimate one topic."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(*, topic: str, config: dict[str, Any], files: list[str], **_inputs: Any) -> None:
    """Write the tidy rows, series and summary of ``topic``."""
    from evenfield.study.study import Study

    folder = Path(files[0]).parent
    study = Study(config, folder.parents[1])
    import_module(f"evenfield.topics.{topic}.estimate").estimate(study).write(folder)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
