"""The paper: Typst source from one template, compiled to a PDF that is the same on every run."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.bibliography import REFERENCES
from evenfield.report.context import Inputs, build_context
from evenfield.report.exhibits import TEMPLATES
from evenfield.report.typeset import needs_flipped_page, plain_grid, typst_size, typst_string, typst_table, typst_text
from evenfield.report.verdicts import compact_verdicts
from evenfield.study.errors import ReportError
from evenfield.study.files import write_text


def render_paper(inputs: Inputs, folder: str | Path) -> str:
    """Render the paper's Typst source."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True,
        variable_start_string="<<", variable_end_string=">>", block_start_string="<%", block_end_string="%>",
        comment_start_string="<!", comment_end_string="!>", trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        typ=typst_text, str=typst_string, table=typst_table, size=typst_size, sideways=needs_flipped_page
    )
    context = build_context(inputs)
    return environment.get_template("paper.typ.j2").render(
        **context, picture=lambda exhibit: _from(folder, exhibit.files[".svg"]),
        tabulated=[compact_verdicts(exhibit) for exhibit in context["everything"] if exhibit.grid is not None],
        assumptions_grid=_assumptions(context),
    )  # fmt: skip


def write_paper(inputs: Inputs, source: str | Path, references: str | Path, paper: str | Path) -> None:
    """Write the paper's source and references, and compile them."""
    write_text(render_paper(inputs, Path(source).parent), source)
    write_text(REFERENCES.read_text(encoding="utf-8"), references)
    folders = [Path(path).resolve().parent for path in (source, *inputs.exhibits)]
    root = os.path.commonpath(folders)
    compile_paper(source, paper, root)


def compile_paper(source: str | Path, paper: str | Path, root: str | Path) -> None:
    """Compile a Typst source with the fonts that Typst brings."""
    try:
        content = typst.compile(str(source), root=str(Path(root).resolve()), ignore_system_fonts=True, timestamp=0)
    except RuntimeError as error:
        raise ReportError(f"{Path(source).name} does not compile ({' '.join(str(error).split())[:200]})",
                          "a valid Typst source", "correct the template in workflow/report") from None  # fmt: skip
    Path(paper).write_bytes(content)


def _from(folder: str | Path, path: str) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _assumptions(context: dict[str, Any]) -> Any:
    return plain_grid("", ["Floor", "Decision"], [[item.floor, item.text] for item in context["assumptions"]])
