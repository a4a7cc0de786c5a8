"""Make all tables and figures of one topic."""

from pathlib import Path
from typing import Any


def main(
    *,
    topic: str,
    config: dict[str, Any],
    study: dict[str, Any],
    files: dict[str, list[str]],
    titles: dict[str, str],
    auto: list[str],
    **_inputs: Any,
) -> None:
    """Write the files of each exhibit of ``topic``; one that nobody asked for by name
    may have nothing to show.
    """
    from evenfield.report.render import render
    from evenfield.shared.study_results import StudyResults

    first = next(iter(files.values()))
    results = StudyResults(config, Path(first[0]).parents[1])
    results.topic = topic
    for name in sorted(files):
        render(
            name,
            results,
            titles[name],
            files[name],
            study=study,
            may_be_empty=name in auto,
        )


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
