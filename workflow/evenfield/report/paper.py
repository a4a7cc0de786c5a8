"""Paper and appendix: Typst sources from the texts of the study, compiled to PDFs that
are the same on every run.
"""

import os.path
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.bibliography import bibtex
from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES, Exhibit
from evenfield.report.prose import Prose
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.typst import table_typst, typst_string, typst_text
from evenfield.shared.topics import TOPICS, read_topics, renamed
from evenfield.study.errors import ReportError
from evenfield.study.files import beside, write_text

MARKS: dict[str, Any] = {
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    **{"variable_start_string": "<<", "variable_end_string": ">>"},
    **{"block_start_string": "<%", "block_end_string": "%>"},
    **{"comment_start_string": "<!", "comment_end_string": "!>"},
}
NOUNS = {"T": "Table", "F": "Figure"}


def write_paper(
    sources: Sequence[str],
    papers: Sequence[str],
    references: str,
    config: Mapping[str, Any],
    **given: Any,
) -> None:
    """Write the sources of paper and appendix and their references, and compile them."""
    folder = Path(references).parent
    context = build_context(config, **given)
    prose: Prose = context["prose"]
    context["in_paper"] = prose.placed("paper")
    files = [Path(path).resolve().parent for path in (references, *given["exhibits"])]
    write_text(bibtex(prose.cited("abstract", "paper", "appendix")), references)
    for source, paper in zip(sources, papers, strict=True):
        write_text(render_paper(Path(source).stem, folder, context, config), source)
        compile_paper(source, paper, os.path.commonpath(files))


def render_paper(
    name: str, folder: Path, context: Mapping[str, Any], config: Mapping[str, Any]
) -> str:
    """Render the Typst source of ``paper`` or ``appendix``, to stand in ``folder``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **MARKS
    )
    environment.filters.update(typ=typst_text, str=typst_string)
    prose = context["prose"]
    placed = _placed(name, folder, context, config)
    used = ("abstract", "paper") if name == "paper" else (name,)
    return environment.get_template("paper.typ.j2").render(
        **context,
        name=name,
        abstract=prose.typst("abstract", placed) if name == "paper" else "",
        body=prose.typst(name, placed),
        cites=bool(prose.cited(*used)),
    )


def _placed(
    name: str, folder: Path, context: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Callable[..., str]]:
    """Return what stands for each thing that a text places."""
    exhibits: dict[str, Exhibit] = {item.id: item for item in context["everything"]}
    paper = name == "paper"

    def exhibit(which: str, head: str = "") -> str:
        item = exhibits[which]
        path = {
            end: typst_string(Path(os.path.relpath(file, folder)).as_posix())
            for end, file in item.files.items()
        }
        above = f", head: heading(level: 2, {typst_string(head)})" if head else ""
        label = f"#metadata({typst_string(which)}) <{which}>\n"
        if item.html:
            arguments = f"id: {typst_string(which)}, short: {str(paper).lower()}{above}"
            return f"{label}#import {path['.typ']} as made\n#datatable(made, {arguments})\n\n"
        words = f"title: [{typst_text(item.title)}], note: [{typst_text(item.caption)}]"
        image = f"image({path['.svg']}, width: 100%, alt: {typst_string(item.alt)})"
        return (
            f"{label}#exhibit({image}, id: {typst_string(which)}, {words}, float:"
            f" {str(paper).lower()}{above})\n\n"
        )

    def see(which: str, label: str = "") -> str:
        words = typst_text(label or f"{NOUNS[which[0]]} {which}")
        here = (which in context["in_paper"]) == paper
        return (
            f"#link(<{which}>)[{words}];"
            if here
            else f"{words} of the {'appendix' if paper else 'paper'}"
        )

    if paper:
        return {
            "see": see,
            "table": exhibit,
            "figure": exhibit,
            "claims_table": lambda: exhibit("T0"),
        }
    return {
        "see": see,
        "rest": lambda: _rest(context, exhibit),
        "methods": lambda: "".join(
            method_typst(topic, partial(renamed, config["study"]))
            for topic in config["estimates"]
        ),
        "assumptions": lambda: _assumptions(context),
        "data_sources": lambda: _data_sources(context),
    }


def _rest(context: Mapping[str, Any], exhibit: Callable[..., str]) -> str:
    texts = []
    sections = [(part.title, part.exhibits) for part in context["sections"]]
    for title, items in [*sections, ("Further tables and figures", context["further"])]:
        left = sorted(
            (
                item.id
                for item in items
                if item.id not in context["in_paper"] or _shortened(item)
            ),
            key=_kind,
        )
        texts += [
            exhibit(which, "" if number else title) for number, which in enumerate(left)
        ]
    return "".join(texts)


def _shortened(item: Exhibit) -> bool:
    """Say whether the paper prints only a part of a table."""
    return bool(item.html) and "#let shortened = true" in Path(
        item.files[".typ"]
    ).read_text(encoding="utf-8")


def _kind(which: str) -> str:
    return which[0]


def method_typst(topic: str, words: Callable[[str], str] = str) -> str:
    """Return the beginning of a topic's method page: its title, the first sentence, and
    its equations as typed, all in the study's words.
    """
    path = TOPICS / topic / "method.md"
    text = words(path.read_text(encoding="utf-8")) if path.is_file() else ""
    if not (first := re.search(r"^# .*\n+((?:[^#\n].*\n)+)", text, re.MULTILINE)):
        return ""
    purpose = re.split(r"(?<=[.?!]) ", " ".join(first[1].replace("`", "").split()))[0]
    section = re.search(
        r"^## Equations?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    lines = "\n".join(
        re.findall(r"^ {4}(.*)$", section[1], re.MULTILINE) if section else []
    )
    equations = f"#equations({typst_string_lines(lines)})\n\n" if lines else ""
    title = typst_text(words(read_topics()[topic].title))
    return f"== {title}\n\n{typst_text(purpose)}\n\n{equations}"


def typst_string_lines(text: str) -> str:
    """Write text of several lines as a Typst string literal."""
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    )


def _assumptions(context: Mapping[str, Any]) -> str:
    frame = pd.DataFrame(
        [(item.floor, item.text) for item in context["assumptions"]],
        columns=["floor", "text"],
    )
    frame["floor"] = frame["floor"].str.replace("_", " ")
    return _table("Modelling decisions", frame, {"floor": "Part", "text": "Decision"})


def _data_sources(context: Mapping[str, Any]) -> str:
    frame = pd.DataFrame(context["data_sources"])
    return _table(
        "Sources",
        frame,
        {"source": "Source", "citation": "Citation", "vintage": "Vintage"},
    )


def _table(title: str, frame: pd.DataFrame, headers: Mapping[str, str]) -> str:
    columns = tuple(
        Column(names=(name,), header=header) for name, header in headers.items()
    )
    source = table_typst(
        Table(id="", title=title, note=(), columns=columns, frame=frame)
    )
    keys = "title: title, note: note, size: size, sideways: sideways, body: body"
    return f"#{{\n{source.replace('#let', 'let')}datatable(({keys}))\n}}\n\n"


def compile_paper(source: str | Path, paper: str | Path, root: str | Path) -> None:
    """Compile a Typst source with the fonts that Typst brings."""
    try:
        content = typst.compile(
            str(source),
            root=str(Path(root).resolve()),
            ignore_system_fonts=True,
            timestamp=0,
        )
    except RuntimeError as error:
        fault = (
            f"{Path(source).name} does not compile"
            f" ({' '.join(str(error).split())[:200]})"
        )
        raise ReportError(
            fault, "a valid Typst source", "correct the template in report/templates"
        ) from None
    with beside(paper) as part:
        part.write_bytes(content)
