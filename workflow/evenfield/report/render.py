"""Make the files of one table or figure from what its topic and others estimated."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.table import empty_table
from evenfield.shared.tables.write import write_table_files
from evenfield.shared.topics import measured_in, own_words, read_topics, renamed
from evenfield.study.errors import ArtifactError
from evenfield.study.files import Record


def render(
    name: str,
    results: StudyResults,
    title: str,
    files: Sequence[str],
    *,
    study: Record,
    may_be_empty: bool,
) -> None:
    """Write the files of an exhibit, in the words of a study; one that may be empty says
    what it lacks.
    """
    kind = "table" if name.startswith("T") else "figure"
    module = import_module(f"evenfield.topics.{results.topic}.{kind}")
    makers = module.TABLES if kind == "table" else module.FIGURES
    exhibit = None
    reason = ""
    try:
        exhibit = makers[name](results)
    except ArtifactError as error:
        if not may_be_empty:
            fault = f"{name}: {error.found}"
            raise ArtifactError(fault, error.expected, error.action) from error
        reason = error.found
    words = partial(renamed, study, own=_own_words(results, study))
    if kind == "table":
        table = replace(exhibit or empty_table(reason), id=name, title=title)
        write_table_files(table.worded(words), files)
    else:
        # Drawing is loaded where a figure is drawn: it takes half a second.
        from evenfield.shared.figures.save import empty_figure, save_figure

        save_figure(exhibit or empty_figure(reason), files, words)


def _own_words(results: StudyResults, study: Record) -> tuple[str, ...]:
    """Return the words of the user that an exhibit may print and that look like ours."""
    if not measured_in(study):
        return ()
    units = "units" in read_topics()[results.topic].render.reads
    names = map(str, results.table("units", text=TEXT)["name"]) if units else ()
    return own_words([study, results.config.model_dump()], names)
