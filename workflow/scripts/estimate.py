"""Estimate one topic."""

from collections.abc import Iterable
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
    results = estimate(study, chunks) if chunks else estimate(study)
    check_series(topic, results.series, files)
    results.write(folder)


def check_series(topic: str, series: Iterable[str], files: Iterable[str]) -> None:
    """Refuse series other than those whose files ``topic.yaml`` says."""
    from evenfield.study.errors import EstimateError

    written = sorted(series)
    expected = sorted({Path(file).stem for file in files} - {"estimates", "fit"})
    if written != expected:
        raise EstimateError(
            f"topics/{topic}/estimate.py writes {_in_words(written)}",
            _in_words(expected),
            f"say series: [{', '.join(written)}] under estimate in its topic.yaml",
        )


def _in_words(series: list[str]) -> str:
    return f"the series {', '.join(series)}" if series else "no series"


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
