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
    **_inputs: Any,
) -> None:
    """Write the files of each exhibit of ``topic``; a module declares its makers in ``TABLES`` or ``FIGURES``."""
    from evenfield.shared.facts import Facts
    from evenfield.shared.tables.write import write_table_files
    from evenfield.shared.topics import renamed

    facts = Facts(config, Path(next(iter(files.values()))[0]).parents[1])
    facts.topic, words = topic, partial(renamed, study)
    for name in sorted(files):
        if name.startswith("T"):
            makers = import_module(f"evenfield.topics.{topic}.table").TABLES
            write_table_files(replace(makers[name](facts), title=titles[name]).worded(words), files[name])
        else:
            makers = import_module(f"evenfield.topics.{topic}.figure").FIGURES
            import_module("evenfield.shared.figures.save").save_figure(makers[name](facts), files[name], words)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
