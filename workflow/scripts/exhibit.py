"""Make all tables and figures of one topic."""

import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
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
    """Write the files of each exhibit of ``topic``; a module declares its makers in
    ``TABLES`` or ``FIGURES``.

    One that nobody asked for by name may have nothing to show: it says so.
    """
    from evenfield.shared.facts import Facts
    from evenfield.shared.tables.table import empty_table
    from evenfield.shared.tables.write import write_table_files
    from evenfield.shared.topics import renamed
    from evenfield.study.errors import ArtifactError

    facts = Facts(config, Path(next(iter(files.values()))[0]).parents[1])
    facts.topic = topic
    words = partial(renamed, study)
    for name in sorted(files):
        if name.startswith("T"):
            makers = import_module(f"evenfield.topics.{topic}.table").TABLES
            try:
                table = makers[name](facts)
            except ArtifactError as error:
                if name not in auto:
                    raise
                table = empty_table(name, error.found)
            table = replace(table, title=titles[name]).worded(words)
            write_table_files(table, files[name])
        else:
            from evenfield.shared.figures.save import empty_figure, save_figure

            makers = import_module(f"evenfield.topics.{topic}.figure").FIGURES
            try:
                figure = makers[name](facts)
            except ArtifactError as error:
                if name not in auto:
                    raise
                figure = empty_figure(error.found)
            save_figure(figure, files[name], words)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from engine.job import enter

    enter(snakemake, main)  # noqa: F821
