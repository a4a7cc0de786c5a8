"""Writing a table: seven twins of one frame."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evenfield.shared.tables.latex import paper_latex, table_latex
from evenfield.shared.tables.markdown import table_markdown
from evenfield.shared.tables.markup import table_html
from evenfield.shared.tables.table import Table
from evenfield.shared.tables.typst import table_typst
from evenfield.shared.tables.word import write_word
from evenfield.study.files import write_text
from evenfield.study.simulated import watermark_for
from evenfield.study.table_files import write_results

WRITERS = {
    ".tex": table_latex,
    ".paper.tex": paper_latex,
    ".md": table_markdown,
    ".html": table_html,
    ".typ": table_typst,
}


def write_table_files(table: Table, paths: Sequence[str]) -> None:
    """Write a table in the format that each path's ending asks for."""
    # The data twin stays plain: a reader of numbers needs no mark of simulation.
    marked = _marked(table, paths)
    for path in paths:
        # A name such as T6.paper.tex has an ending in two parts.
        ending = Path(path).name.removeprefix(Path(path).name.partition(".")[0])
        if ending == ".csv":
            write_results(table.frame, path)
        elif ending == ".docx":
            write_word(marked, path)
        else:
            write_text(WRITERS[ending](marked), path)


def _marked(table: Table, paths: Sequence[str]) -> Table:
    mark = watermark_for(paths[0]) if paths else ""
    return replace(table, note=(f"{mark}.", *table.note)) if mark else table
