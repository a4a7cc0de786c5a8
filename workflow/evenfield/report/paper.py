"""Paper and appendix: Typst sources from the texts of the study, compiled to PDFs that
are the same on every run.
"""

import json
import os.path
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.bibliography import bibtex
from evenfield.report.context import build_context
from evenfield.report.exhibits import IN_REPOSITORY, MARKS, TEMPLATES, Exhibit
from evenfield.report.latex import write_latex
from evenfield.report.map import map_view
from evenfield.report.map_picture import map_picture
from evenfield.report.numbering import MAP as MAP_ID
from evenfield.report.numbering import Numbering, map_mention, number_exhibits, other
from evenfield.report.prose import Prose
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.typst import table_typst, typst_string, typst_text
from evenfield.shared.topics import TOPICS, read_topics, renamed
from evenfield.study.errors import ReportError
from evenfield.study.files import Record, write_bytes, write_text
from evenfield.study.latin import in_latin

MAP = "map.svg"
IN_TOPICS = f"{IN_REPOSITORY}topics/"
DOCUMENT_WORDS = {"paper": "paper", "appendix": "online appendix"}
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
    view = map_view(StudyResults(config, given["root"]))
    printed = {*prose.placed("abstract"), *prose.placed("paper")}
    context["further"] = _further(context, printed)
    appendix = [item.id for _, item in context["further"]]
    context["numbering"] = number_exhibits(prose, appendix, has_map=bool(view))
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
    numbering: Numbering = context["numbering"]
    labels = numbering.of(name)
    short = str(name == "paper").lower()

    def exhibit(which: str, head: str = "") -> str:
        item = exhibits[which]
        files = item.files_from(folder)
        above = f", head: heading(level: 2, {typst_string(head)})" if head else ""
        label = f"#metadata({typst_string(which)}) <{which}>\n"
        called = f"label: {typst_string(str(labels[which]))}, id: {typst_string(which)}"
        if item.html:
            module = f"#import {typst_string(files['.typ'])} as made\n"
            arguments = f"{called}, short: {short}{above}"
            return f"{label}{module}#datatable(made, {arguments})\n\n"
        words = f"title: [{typst_text(item.title)}], note: [{typst_text(item.caption)}]"
        alt = typst_string(item.alt)
        image = f"image({typst_string(files['.svg'])}, width: {item.in_print:.0%}, alt: {alt})"
        return f"{label}#exhibit({image}, {called}, {words}{above})\n\n"

    def see(which: str, label: str = "") -> str:
        called, here = numbering.seen_from(name, which)
        words = typst_text(label or str(called))
        # Typst links within one document; of the other one only the words are there.
        if here:
            return f"#link(<{which}>)[{words}];"
        return f"{words} of the {DOCUMENT_WORDS[other(name)]}"

    def methods() -> str:
        words = partial(renamed, config["study"])
        return "".join(method_typst(topic, words) for topic in config["estimates"])

    sources = {
        "data_sources": lambda: _data_sources(context),
        "provenance": lambda: f"{typst_text(context['made_of'])}\n\n",
    }
    placed: dict[str, dict[str, Callable[..., str]]] = {
        "paper": {
            "table": exhibit,
            "figure": exhibit,
            "map": lambda _="": _map(context),
            "claims_table": lambda: exhibit("T0"),
        },
        "appendix": {
            "rest": lambda: "".join(
                exhibit(item.id, head) for head, item in context["further"]
            ),
            "methods": methods,
            "assumptions": lambda: _assumptions(context),
            "exhibit_index": lambda: _index(context),
        },
    }
    return {"see": see, **sources, **placed[name]}


def _map(context: Record) -> str:
    """Return the map, which stands beside the source, and the sentence that names it;
    nothing where there is none.
    """
    if not context["map"]:
        return ""
    label = str(context["numbering"].paper[MAP_ID])
    named = typst_text(map_mention(context["study"]))
    title = typst_text(f"The {context['study']['units_name']} on the map")
    note = typst_text(context["map"])
    image = f'image("{MAP}", width: 100%, alt: {typst_string(title)})'
    words = f"label: {typst_string(label)}, title: [{title}], note: [{note}]"
    return (
        f"#link(<{MAP_ID}>)[{typst_text(label)}] {named}\n\n"
        f"#metadata({typst_string(MAP_ID)}) <{MAP_ID}>\n#exhibit({image}, {words})\n\n"
    )


def _further(context: Record, printed: Collection[str]) -> list[tuple[str, Exhibit]]:
    """Return what the paper does not print whole, by topic: tables first, then figures,
    each with the heading above it, which the first of a topic has if it is a table.
    """
    further = list[tuple[str, Exhibit]]()
    sections = [(part.title, part.exhibits) for part in context["sections"]]
    for title, items in [*sections, ("Further tables and figures", context["others"])]:
        left = [item for item in items if item.id not in printed or _shortened(item)]
        left.sort(key=lambda item: item.id[0], reverse=True)
        for place, item in enumerate(left):
            is_first_table = place == 0 and bool(item.html)
            further.append((title if is_first_table else "", item))
    return further


def _index(context: Record) -> str:
    """Return a table that leads from each number in print to the file behind it."""
    numbering: Numbering = context["numbering"]
    rows = []
    for document in DOCUMENT_WORDS:
        for which, label in numbering.of(document).items():
            item = next((x for x in context["everything"] if x.id == which), None)
            if item:
                rows.append(_index_row(str(label), item))
    rows.sort(key=lambda row: row["Number"].startswith("Figure"))
    title = (
        "Tables and figures by number: data in tables/Id.csv or figures/Id.csv, code"
        f" below {IN_TOPICS}"
    )
    return _table_typst(_table(title, pd.DataFrame(rows)))


def _index_row(label: str, item: Exhibit) -> dict[str, str]:
    return {
        "Number": label,
        "Id": item.id,
        "Title": item.title,
        "Made by": item.script.removeprefix(IN_TOPICS),
        "Git object": item.blob,
    }


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
