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
        kind = "table" if name.startswith("T") else "figure"
        module = import_module(f"evenfield.topics.{topic}.{kind}")
        drawing = (
            import_module("evenfield.shared.figures.save") if kind == "figure" else None
        )
        try:
            made = (module.FIGURES if drawing else module.TABLES)[name](facts)
        except ArtifactError as error:
            if name not in auto:
                raise
            made = (
                drawing.empty_figure(error.found)
                if drawing
                else empty_table(name, error.found)
            )
        if drawing:
            drawing.save_figure(made, files[name], words)
        else:
            write_table_files(
                replace(made, title=titles[name]).worded(words), files[name]
            )


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
