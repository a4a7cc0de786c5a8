"""The two pages of a study: the answer, which is one file, and all tables and figures, which open on demand."""

from __future__ import annotations

import base64
import hashlib
import os.path
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evenfield.report.claims import by_reason, claim_groups
from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES, Exhibit
from evenfield.report.map import map_view
from evenfield.shared.facts import Facts
from evenfield.study.files import read_json, write_text

# A table that leads nowhere but here.
LARGEST_SVG = 900_000


def write_pages(page: str | Path, tables: str | Path, **given: Any) -> None:
    """Write both pages."""
    text, more = render_pages(Path(tables).parent, **given)
    write_text(text, page)
    write_text(more, tables)


def render_pages(
    folder: Path, config: Mapping[str, Any], root: str | Path, exhibits: Sequence[str], scripts: Mapping[str, str]
) -> tuple[str, str]:
    """Render the page and the page of tables, to stand in ``folder``, from a results folder."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    context = build_context(config, root, exhibits, scripts)
    answers = read_json(Path(root) / "answers.json")
    groups = claim_groups(answers, config)
    for name in ("style", "script"):
        code = _text({"style": "page.css", "script": "page.js"}[name])
        context |= {name: Markup(code), f"{name}_hash": policy_hash(code)}  # our own files
    text = Markup("").join(f() for f in directives(environment, context, groups, answers, config, root).values())
    page = environment.get_template("page.html.j2").render(**context, text=text)
    shown = [{**topic, "exhibits": [_beside(item, folder) for item in topic["exhibits"]]} for topic in _topics(context)]
    statements = [claim for group in groups for claim in group["claims"] if claim["behind"]]
    ends = [("statements", "Statements with every row")] if statements else []
    ends += [("sources", "Data sources"), ("assumptions", "Assumptions"), ("references", "References")]
    contents = [*((topic["id"], topic["title"]) for topic in shown), *ends, ("rerun", "How to cite and to run again")]
    more = environment.get_template("tables.html.j2").render(
        **{**context, "topics": shown, "statements": statements, "contents": contents}
    )
    return page, more


def directives(
    environment: Environment,
    context: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Any],
    config: Mapping[str, Any],
    root: str | Path,
) -> dict[str, Any]:
    """Return what the text of a page can place, by name."""
    parts: Any = environment.get_template("parts.html.j2").module
    reach = [claim for group in groups if group["id"] == "out-of-reach" for claim in group["claims"]]
    reasons = by_reason(reach, answers["reasons"])
    return {
        "answer_counts": lambda: parts.answer_counts(groups, sum(group["count"] for group in groups)),
        "map": lambda: parts.map(map_view(Facts(config, root)), context["study"]),
        "statements": lambda: parts.statements(groups, reasons),
    }


def policy_hash(text: str) -> str:
    """Return the hash by which a content policy admits an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _topics(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [
        {"id": part.id, "title": part.title, "exhibits": part.exhibits, "method": ""} for part in context["sections"]
    ]
    further = {"id": "further", "title": "Further tables and figures", "exhibits": context["further"], "method": ""}
    return [*found, *([further] if context["further"] else [])]


def _beside(exhibit: Exhibit, folder: Path) -> dict[str, Any]:
    """Return an exhibit with the paths of its picture and its data from the page of tables."""
    files = {end: Path(os.path.relpath(path, folder)).as_posix() for end, path in exhibit.files.items()}
    heavy = not exhibit.html and Path(exhibit.files[".svg"]).stat().st_size > LARGEST_SVG
    told = {name: getattr(exhibit, name) for name in ("id", "title", "caption", "alt", "html", "script")}
    return told | {"picture": files.get(".png" if heavy else ".svg", ""), "twin": files[".csv"]}


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
