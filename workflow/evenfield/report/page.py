"""The two pages of a study: the answer, which is one file, and all tables and figures,
which open on demand.
"""

import base64
import hashlib
import os.path
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from evenfield.report.claims import by_reason, claim_groups
from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES, Exhibit
from evenfield.report.map import map_view
from evenfield.report.markup import Placed
from evenfield.report.prose import Prose
from evenfield.shared.facts import Facts
from evenfield.shared.tables.markdown import escape_markdown
from evenfield.shared.topics import TOPICS, read_topics, renamed
from evenfield.study.files import read_json, write_text

# Links in a method page: to another method page, or to a document that this page does
# not hold. A bullet or paragraph of a method page that opens with a comment is for that
# study only, or for those with a proxy.
EXAMPLE = re.compile(r"^(- )?<!-- (\w+) --> (.*\n(?:(?!- |\n).+\n)*)", re.MULTILINE)
LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()]*?([a-z_]+)/method|[^()]*)\.md\)")
BOX = '<div class="scroll" role="region" tabindex="0" aria-label="{}, table {}"><table>'


def write_pages(page: str | Path, tables: str | Path, **given: Any) -> None:
    """Write both pages."""
    for path, text in zip(
        (page, tables), render_pages(Path(tables).parent, **given), strict=True
    ):
        write_text(text, path)


def render_pages(
    folder: Path, config: Mapping[str, Any], root: str | Path, **given: Any
) -> tuple[str, str]:
    """Render the page and the page of tables, to stand in ``folder``, from a results
    folder.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    context = build_context(config, root, **given)
    answers = read_json(Path(root) / "answers.json")
    groups = claim_groups(answers, config)
    for name, file in (("style", "page.css"), ("script", "page.js")):
        code = (TEMPLATES / file).read_text(encoding="utf-8")
        context |= {
            name: Markup(code),
            f"{name}_hash": policy_hash(code),
        }  # our own files
    prose: Prose = context["prose"]
    parts: Any = environment.get_template("parts.html.j2").module
    exhibits = {item.id: item for item in context["everything"]}
    reach = [
        claim
        for group in groups
        if group["id"] == "out-of-reach"
        for claim in group["claims"]
    ]
    placed: Placed = {
        "see": parts.see,
        "figure": lambda which: parts.figure(exhibits[which]),
        "table": lambda which: parts.table(exhibits[which]),
        "map": lambda: parts.map(map_view(Facts(config, root)), context["study"]),
        "answer_counts": lambda: parts.answer_counts(groups, len(answers["claims"])),
        "statements": lambda: parts.statements(
            groups, by_reason(reach, answers["reasons"])
        ),
    }
    page = environment.get_template("page.html.j2").render(
        **context,
        titled=bool(prose.headings("page", 1)),
        text=Markup(prose.html("page", placed)),  # escaped where it was parsed
        cited=Markup(prose.references_html("page")),
    )
    parts_of = {config["study"]["id"], *config["panel"]["income"]}
    names = ("zone_name", "zones_name")
    escaped = {
        key: escape_markdown(text) if key in names else text
        for key, text in config["study"].items()
    }
    words = partial(renamed, escaped)
    exhibited = {part.id: part.exhibits for part in context["sections"]}
    titles = {
        name: topic.title
        for name, topic in read_topics().items()
        if name in {*exhibited, *config["estimates"]}
    }
    topics = [
        {
            "id": name,
            "title": title,
            "exhibits": exhibited.get(name, []),
            "method": method_html(name, list(titles), parts_of, words),
        }
        for name, title in titles.items()
    ]
    if context["further"]:
        further = {"id": "further", "title": "Further tables and figures", "method": ""}
        topics.append({**further, "exhibits": context["further"]})
    for topic in topics:
        topic["exhibits"] = [_beside(item, folder) for item in topic["exhibits"]]
    statements = [
        claim for group in groups for claim in group["claims"] if claim["behind"]
    ]
    more = environment.get_template("tables.html.j2").render(
        **context, topics=topics, statements=statements
    )
    return page, more


def policy_hash(text: str) -> str:
    """Return the hash by which a content policy admits an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(
        "ascii"
    )


def method_html(
    topic: str,
    topics: Sequence[str],
    shown: Collection[str] = (),
    words: Callable[[str], str] = str,
) -> Markup:
    """Return the method page of a topic, headings a level lower, links within
    ``topics``, marked parts if shown.
    """
    path = TOPICS / topic / "method.md"
    if not path.is_file():
        return Markup("")
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    text = EXAMPLE.sub(
        lambda fault: f"{fault[1]}{fault[3]}" if fault[2] in shown else "", text
    )
    text = LINK.sub(
        lambda fault: (
            f"[{fault[1]}](#method-{fault[2]})" if fault[2] in topics else fault[1]
        ),
        text,
    )
    text = words(text)
    html = (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .render(re.sub(r"(?m)^(##+ )", r"#\1", text))
    )
    title = read_topics()[topic].title
    number = count(1)
    html = re.sub(
        "<table>", lambda _: BOX.format(f"Method of {title}", next(number)), html
    )
    html = html.replace("</table>", "</table></div>")
    return Markup(
        html.replace("<pre>", '<pre tabindex="0">')
    )  # our own files, without raw HTML


def _beside(exhibit: Exhibit, folder: Path) -> dict[str, Any]:
    """Return an exhibit with the paths of its picture and its data from the page of
    tables.
    """
    files = {
        end: Path(os.path.relpath(path, folder)).as_posix()
        for end, path in exhibit.files.items()
    }
    shown_fields = {
        name: getattr(exhibit, name)
        for name in ("id", "title", "caption", "alt", "html", "script")
    }
    return shown_fields | {
        "picture": files.get(exhibit.drawn, ""),
        "twin": files[".csv"],
    }
