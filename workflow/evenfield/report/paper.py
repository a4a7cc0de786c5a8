"""The paper: Typst source from one template, compiled to a PDF that is the same on every run."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.bibliography import REFERENCES
from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.typst import table_typst, typst_string, typst_text
from evenfield.study.errors import ReportError
from evenfield.study.files import write_text

MARKS: dict[str, Any] = {
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    **{"variable_start_string": "<<", "variable_end_string": ">>"},
    **{"block_start_string": "<%", "block_end_string": "%>"},
    **{"comment_start_string": "<!", "comment_end_string": "!>"},
}


def render_paper(
    folder: str | Path, config: Mapping[str, Any], root: str | Path, exhibits: Sequence[str], scripts: Mapping[str, str]
) -> str:
    """Render the paper's Typst source, to stand in ``folder``."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **MARKS)
    environment.filters.update(typ=typst_text, str=typst_string)
    context = build_context(config, root, exhibits, scripts)
    decisions = pd.DataFrame([(item.floor, item.text) for item in context["assumptions"]], columns=["floor", "text"])
    columns = (Column(names=("floor",), header="Folder"), Column(names=("text",), header="Decision"))
    table = Table(id="assumptions", title="Modelling decisions", note=(), columns=columns, frame=decisions)
    return environment.get_template("paper.typ.j2").render(
        **context,
        path=lambda exhibit, ending: Path(os.path.relpath(exhibit.files[ending], folder)).as_posix(),
        assumptions_table=table_typst(table),
    )


def write_paper(source: str | Path, references: str | Path, paper: str | Path, **given: Any) -> None:
    """Write the paper's source and references, and compile them."""
    write_text(render_paper(Path(source).parent, **given), source)
    write_text(REFERENCES.read_text(encoding="utf-8"), references)
    folders = [Path(path).resolve().parent for path in (source, *given["exhibits"])]
    compile_paper(source, paper, os.path.commonpath(folders))


def compile_paper(source: str | Path, paper: str | Path, root: str | Path) -> None:
    """Compile a Typst source with the fonts that Typst brings."""
    try:
        content = typst.compile(str(source), root=str(Path(root).resolve()), ignore_system_fonts=True, timestamp=0)
    except RuntimeError as error:
        told = f"{Path(source).name} does not compile ({' '.join(str(error).split())[:200]})"
        raise ReportError(told, "a valid Typst source", "correct the template in report/templates") from None
    Path(paper).write_bytes(content)
