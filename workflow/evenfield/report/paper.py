"""Paper and appendix: Typst sources from the texts of the study, compiled to PDFs that
are the same on every run.
"""

import json
import os.path
import re
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.bibliography import bibtex
from evenfield.report.context import build_context
from evenfield.report.exhibits import MARKS, TEMPLATES, Exhibit
from evenfield.report.latex import write_latex
from evenfield.report.map import map_view
from evenfield.report.map_picture import map_picture
from evenfield.report.prose import Prose
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.typst import table_typst, typst_string, typst_text
from evenfield.shared.topics import TOPICS, read_topics, renamed
from evenfield.study.errors import ReportError
from evenfield.study.files import Record, write_bytes, write_text
from evenfield.study.latin import in_latin

NOUNS = {"T": "Table", "F": "Figure"}
MAP = "map.svg"
SHORTENED = "#let shortened = true"  # as the writer of Typst tables says it


def write_paper(
    sources: Sequence[str],
    papers: Sequence[str],
    references: str,
    latex: str,
    config: Record,
    **given: Any,
) -> None:
    """Write the sources of paper and appendix and their references, compile them, and
    write the paper as LaTeX in the folder of the file ``latex``.
    """
    folder = Path(references).parent
    context = build_context(config, **given)
    prose: Prose = context["prose"]
    context["in_paper"] = prose.placed("paper")
    view = map_view(StudyResults(config, given["root"]))
    write_text(map_picture(view), folder / MAP)
    context["map"] = _note_of_map(view, context["source"])
    # Typst reads nothing above its root: one folder that holds all files.
    files = [Path(path).resolve().parent for path in (references, *given["exhibits"])]
    write_text(bibtex(prose.cited("abstract", "paper", "appendix")), references)
    for source, paper in zip(sources, papers, strict=True):
        write_text(render_paper(Path(source).stem, folder, context, config), source)
        compile_paper(source, paper, os.path.commonpath(files))
    write_latex(
        Path(latex).parent, folder / MAP, _sources(context), context, given["root"]
    )


def _note_of_map(view: Record, source: str) -> str:
    """Return the words beneath the map; none where there is no map."""
    if not view:
        return ""
    size = " The area of a point grows with its people." if view["sized"] else ""
    return f"Source: {source}.{size}"


def render_paper(name: str, folder: Path, context: Record, config: Record) -> str:
    """Render the Typst source of ``paper`` or ``appendix``, to stand in ``folder``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **MARKS
    )
    environment.filters.update(typ=typst_text, str=typst_string)
    prose = context["prose"]
    placed = _placed(name, folder, context, config)
    used = ("abstract", "paper") if name == "paper" else (name,)
    source = environment.get_template("paper.typ.j2").render(
        **context,
        name=name,
        abstract=prose.typst("abstract", placed) if name == "paper" else "",
        body=prose.typst(name, placed),
        cites=bool(prose.cited(*used)),
    )
    return in_latin(source)


def _placed(
    name: str, folder: Path, context: Record, config: Record
) -> dict[str, Callable[..., str]]:
    """Return what stands for each thing that a text places."""
    exhibits: dict[str, Exhibit] = {item.id: item for item in context["everything"]}
    paper = name == "paper"
    here, elsewhere = ("paper", "appendix") if paper else ("appendix", "paper")
    flag = str(paper).lower()

    def exhibit(which: str, head: str = "") -> str:
        item = exhibits[which]
        files = item.files_from(folder)
        above = f", head: heading(level: 2, {typst_string(head)})" if head else ""
        label = f"#metadata({typst_string(which)}) <{which}>\n"
        if item.html:
            module = f"#import {typst_string(files['.typ'])} as made\n"
            made = _made_by(item, files[".csv"])
            arguments = f"id: {typst_string(which)}, short: {flag}, by: [{made}]{above}"
            return f"{label}{module}#datatable(made, {arguments})\n\n"
        note = f"{typst_text(item.caption)} {_made_by(item, files['.csv'])}"
        words = f"title: [{typst_text(item.title)}], note: [{note}]"
        alt = typst_string(item.alt)
        image = f"image({typst_string(files['.svg'])}, width: 100%, alt: {alt})"
        return (
            f"{label}#exhibit({image}, id: {typst_string(which)}, {words}{above})\n\n"
        )

    def see(which: str, label: str = "") -> str:
        words = typst_text(label or f"{NOUNS[which[0]]} {which}")
        # Typst links within one document; of the other one only the words are there.
        linked = (which in context["in_paper"]) == paper
        return (
            f"#link(<{which}>)[{words}];" if linked else f"{words} of the {elsewhere}"
        )

    def methods() -> str:
        words = partial(renamed, config["study"])
        return "".join(method_typst(topic, words) for topic in config["estimates"])

    placed: dict[str, dict[str, Callable[..., str]]] = {
        "paper": {
            "table": exhibit,
            "figure": exhibit,
            "map": lambda _="": _map(context),
            "claims_table": lambda: exhibit("T0"),
            "data_sources": lambda: _data_sources(context),
        },
        "appendix": {
            "rest": lambda: _rest(context, exhibit),
            "methods": methods,
            "assumptions": lambda: _assumptions(context),
            "data_sources": lambda: _data_sources(context),
        },
    }
    return {"see": see, **placed[here]}


def _map(context: Record) -> str:
    """Return the map, which stands beside the source; nothing where there is none."""
    if not context["map"]:
        return ""
    title = typst_text(f"The {context['study']['units_name']} on the map")
    note = typst_text(context["map"])
    image = f'image("{MAP}", width: 100%, alt: {typst_string(title)})'
    return f"#exhibit({image}, title: [{title}], note: [{note}])\n\n"


def _rest(context: Record, exhibit: Callable[..., str]) -> str:
    """Return what the paper does not print whole, by topic: tables under the topic's
    title, then figures, which float.
    """
    texts = []
    sections = [(part.title, part.exhibits) for part in context["sections"]]
    for title, items in [*sections, ("Further tables and figures", context["further"])]:
        left = [
            item.id
            for item in items
            if item.id not in context["in_paper"] or _shortened(item)
        ]
        for number, which in enumerate(sorted(left, key=itemgetter(0), reverse=True)):
            head = title if number == 0 and which.startswith("T") else ""
            texts.append(exhibit(which, head))
    return "".join(texts)


def _shortened(item: Exhibit) -> bool:
    """Say whether the paper prints only a part of a table."""
    if not item.html:
        return False
    return SHORTENED in Path(item.files[".typ"]).read_text(encoding="utf-8")


def method_typst(topic: str, words: Callable[[str], str] = str) -> str:
    """Return the beginning of a topic's method page: its title, the first sentence, and
    its equations as typed, all in the study's words.
    """
    path = TOPICS / topic / "method.md"
    text = words(path.read_text(encoding="utf-8")) if path.is_file() else ""
    first = re.search(r"^# .*\n+((?:[^#\n].*\n)+)", text, re.MULTILINE)
    if first is None:
        return ""
    paragraph = " ".join(first[1].replace("`", "").split())
    purpose = re.split(r"(?<=[.?!]) ", paragraph)[0]
    section = re.search(r"(?ms)^## Equations?\n(.*?)(?=^## |\Z)", text)
    lines = re.findall(r"(?m)^ {4}(.*)$", section[1]) if section else []
    # A string of Typst is written as one of JSON.
    typed = json.dumps("\n".join(lines), ensure_ascii=False)
    equations = f"#equations({typed})\n\n" if lines else ""
    title = typst_text(words(read_topics()[topic].title))
    return f"== {title}\n\n{typst_text(purpose)}\n\n{equations}"


def _assumptions(context: Record) -> str:
    rows = [
        {"Part": item.floor.replace("_", " "), "Decision": item.text}
        for item in context["assumptions"]
    ]
    return _table_typst(_table("Modelling decisions", pd.DataFrame(rows)))


def _made_by(item: Exhibit, data: str) -> str:
    """Return what leads from an exhibit to its data and to the file that made it."""
    name = f"{Path(data).parent.name}/{Path(data).name}"
    linked = f"Data: #link({typst_string(data)})[{typst_text(name)}];"
    page = f"#link({typst_string(f'tables.html#{item.id}')})[page]"
    blob = f", git object {item.blob}" if item.blob else ""
    made = f"; made by {typst_text(item.script)}{blob}" if item.script else ""
    return f"{linked}, {page}{made}."


def _data_sources(context: Record) -> str:
    sources = context["data_sources"]
    if len(sources) == 1 and not sources[0]["vintage"]:
        return f"Source: {typst_text(sources[0]['citation'].rstrip('.'))}.\n\n"
    return _table_typst(_sources(context))


def _sources(context: Record) -> Table:
    frame = pd.DataFrame(context["data_sources"]).rename(columns=str.capitalize)
    return _table("Sources", frame[["Source", "Citation", "Vintage"]])


def _table(title: str, frame: pd.DataFrame) -> Table:
    """Return a table of all columns of a frame."""
    columns = tuple(Column(names=(name,), header=name) for name in map(str, frame))
    return Table(id="", title=title, note=(), columns=columns, frame=frame)


def _table_typst(table: Table) -> str:
    """Return a table in a block of its own."""
    source = table_typst(table).replace("#let", "let")
    keys = "title: title, note: note, long: long, bodies: bodies"
    return f"#{{\n{source}datatable(({keys}))\n}}\n\n"


def compile_paper(source: str | Path, paper: str | Path, root: str | Path) -> None:
    """Compile a Typst source with the fonts that Typst brings."""
    try:
        content = typst.compile(
            str(source),
            root=str(Path(root).resolve()),
            ignore_system_fonts=True,  # which differ between machines
            timestamp=0,  # so that the bytes are the same
        )
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ReportError(
            f"{Path(source).name} does not compile ({reason})",
            "a valid Typst source",
            "correct the template in report/templates",
        ) from None
    write_bytes(content, paper)
