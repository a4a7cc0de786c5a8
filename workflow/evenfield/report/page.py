"""The two pages of a study: the answer, which is one file, and all tables and figures,
which open on demand.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from evenfield.report.claims import bar_parts, by_reason, claim_groups
from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES, Exhibit
from evenfield.report.map import figure_map, map_view
from evenfield.report.markup import Placed
from evenfield.report.origin import origin_of_income
from evenfield.report.prose import Prose
from evenfield.report.sections import section_reader
from evenfield.report.short_evidence import ShortEvidence, estimates_of_cells
from evenfield.report.unit_table import data_address, unit_table
from evenfield.shared.second_studies import (
    OWN_STUDY,
    second_configs,
    second_exhibit,
    second_results,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.markdown import escape_markdown
from evenfield.shared.topics import (
    TOPICS,
    kind_of,
    measured_in,
    read_topics,
    renamed,
    with_measure,
)
from evenfield.study.files import Record, read_json, write_text

# Links in a method page: to another method page, or to a document that this page does
# not hold. A bullet or paragraph of a method page that opens with a comment is for that
# study only, or for those with a proxy.
EXAMPLE = re.compile(r"^(- )?<!-- (\w+) --> (.*\n(?:(?!- |\n).+\n)*)", re.MULTILINE)
LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()]*?([a-z_]+)/method|[^()]*)\.md\)")
# A number that opens, with the brackets and signs that touch it.
OPENING = re.compile(
    r'([(\[]?)(<button type="button" class="n".*?</button>)([%.,;:)\]]*)'
)
# A heading of the text; what else a page names, and what its template names beside it.
HEADING = re.compile(r'<(h[123]) id="([^"]*)">')
ID = re.compile(r' id="([^"]*)"')
IDS_OF_PAGE = ("main", "references", "estimates")
LARGEST_CSV = 40_000  # characters of numbers that the page itself holds
SHOWN = ("id", "title", "caption", "alt", "html", "script", "blob")
BOX = '<div class="scroll" role="region" tabindex="0" aria-label="{}, table {}"><table>'


def write_pages(page: str | Path, tables: str | Path, **given: Any) -> None:
    """Write both pages."""
    first, second = render_pages(Path(tables).parent, **given)
    write_text(first, page)
    write_text(second, tables)


def render_pages(
    folder: Path, config: Record, root: str | Path, **given: Any
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
    # The page is one file that fetches nothing: style, script and pictures stand in it.
    read = section_reader(config, root)
    context = build_context(config, root, sections_read=read, **given)
    answers = read_json(Path(root) / "answers.json")
    groups = claim_groups(answers, config)
    evidence = ShortEvidence(config, root, read)
    opened = dict[str, str]()  # what the page says of a name, as it is printed first
    for name, file in (("style", "page.css"), ("script", "page.js")):
        code = (TEMPLATES / file).read_text(encoding="utf-8")
        context[name] = Markup(code)  # our own files
        context[f"{name}_hash"] = policy_hash(code)
    prose: Prose = context["prose"]
    parts: Any = environment.get_template("parts.html.j2").module
    exhibits = {item.id: item for item in context["everything"]}
    claims_by_group = {group["id"]: group["claims"] for group in groups}
    reach = claims_by_group.get("out-of-reach", [])

    def number(name: str, printed: str) -> Markup:
        """Return a number that opens its evidence."""
        if name not in evidence:
            return escape(printed)
        opened.setdefault(name, printed)
        return Markup(parts.number(name, printed))

    results = StudyResults(config, root)
    drawn_map = cache(partial(map_view, results))
    studies = _studies(config, root)
    outlines = results.outlines()

    def figure(which: str) -> Markup:
        """Return a figure, or the map that answers to a reader in its place."""
        study = studies[second_exhibit(which)[1]]
        exhibit = exhibits[which]
        numbers = _numbers_address(exhibit, folder)
        answering = figure_map(study, which, outlines)
        if answering:
            return Markup(parts.map(answering, study.words, exhibit, numbers))
        source = origin_of_income(study).source
        return Markup(parts.figure(exhibit, source, numbers))

    placing = {kind for kind, *_ in prose.marks("page")}
    placed: Placed = {
        "number": lambda name, _, printed: number(name, printed),
        "see": parts.see,
        "figure": figure,
        "table": lambda which: parts.table(exhibits[which]),
        "map": lambda first="": parts.map(drawn_map(first), context["study"]),
        "units_table": lambda: parts.units_table(
            unit_table(results),
            context["study"],
            _on_map(drawn_map("")) if "map" in placing else [],
            config["study"]["id"],
        ),
        "answer_counts": lambda: parts.answer_counts(
            bar_parts(groups), len(answers["claims"])
        ),
        "statements": lambda: parts.statements(
            groups, by_reason(reach, answers["reasons"]), number
        ),
    }
    text = held_together(prose.html("page", placed))
    text, contents = ids_apart(text, prose.headings("page", 2))
    page = environment.get_template("page.html.j2").render(
        **context,
        title=_title(prose, context["study"]["title"]),
        titled=bool(prose.headings("page", 1)),
        contents=contents,
        text=Markup(text),  # escaped where it was parsed
        opened=[
            (
                name,
                printed,
                evidence.in_words(name),
                evidence.command.format(name),
                evidence.code(name),
            )
            for name, printed in opened.items()
        ],
        command_with=evidence.command_with,
        store=Markup(evidence.store(estimates_of_cells(text))),
        cited=Markup(prose.references_html("page")),
    )
    claims = chain.from_iterable(claims_by_group.values())
    behind = [claim for claim in claims if claim["behind"]]
    printed = estimates_of_cells("".join(item.html for item in exhibits.values()))
    for claim in behind:
        printed += [row["estimate_id"] for row in claim["behind"]]
    more = environment.get_template("tables.html.j2").render(
        **context,
        topics=_topics(config, context, folder),
        statements=behind,
        store=Markup(evidence.store(printed)),
    )
    return page, more


def _studies(config: Record, root: str | Path) -> dict[str, StudyResults]:
    """Return this study, by a blank, and each study beside, by its name."""
    studies = {OWN_STUDY: StudyResults(config, root)}
    folders = second_results(config)
    for name, other in second_configs(config).items():
        studies[name] = StudyResults(other, folders[name])
    return studies


def _on_map(view: Record) -> list[str]:
    """Return the anchors of the units that a map draws."""
    return [unit["anchor"] for unit in view.get("units", [])]


def _title(prose: Prose, study: str) -> str:
    """Return what the page is called: what it says at its head, of which study."""
    headings = [title for _, title in prose.headings("page", 1)]
    return headings[0] if headings else study


def _numbers_address(exhibit: Exhibit, folder: Path) -> str:
    """Return where the numbers of a figure are: in the page, or beside it where they
    are many.
    """
    text = Path(exhibit.files[".csv"]).read_text(encoding="utf-8")
    address = data_address(text)
    return (
        address if len(address) <= LARGEST_CSV else exhibit.files_from(folder)[".csv"]
    )


def held_together(text: str) -> str:
    """Return a text in which no line breaks between a number that opens and the
    brackets or signs that touch it.
    """
    return OPENING.sub(_held, text)


def ids_apart(
    text: str, contents: Sequence[tuple[str, str]]
) -> tuple[str, list[tuple[str, str]]]:
    """Return a text in which no heading has the id of another or of what the page holds,
    and its contents, ids and titles of the headings of the second level, in the same way.
    """
    taken = {*IDS_OF_PAGE, *ID.findall(HEADING.sub("", text))}
    second_level = list[str]()

    def own(found: re.Match[str]) -> str:
        tag, plain_id = found.groups()
        plain_id = plain_id or "part"  # of a heading without Latin letters
        numbered = (f"{plain_id}-{number}" for number in count(2))
        own_id = next(name for name in chain([plain_id], numbered) if name not in taken)
        taken.add(own_id)
        if tag == "h2":
            second_level.append(own_id)
        return f'<{tag} id="{own_id}">'

    text = HEADING.sub(own, text)
    titles = [title for _, title in contents]
    return text, list(zip(second_level, titles, strict=True))


def _held(found: re.Match[str]) -> str:
    before, _, after = found.groups()
    return f'<span class="held">{found[0]}</span>' if before or after else found[0]


def _topics(config: Record, context: Record, folder: Path) -> list[dict[str, Any]]:
    """Return each topic with its exhibits and its method, for the page of tables."""
    shown = {config["study"]["id"], *config["panel"]["income"]}
    study = dict(config["study"])
    for key in {"zone_name", "zones_name", "what"} & set(study):
        study[key] = escape_markdown(study[key])
    # A topic without an exhibit may still have a method to read.
    exhibits = {section.id: section.exhibits for section in context["sections"]}
    names = {*exhibits, *config["estimates"]}
    titles = {
        name: with_measure(
            measured_in(config["study"]), topic.title, kind_of(config["study"])
        )
        for name, topic in read_topics().items()
        if name in names
    }
    topics = []
    for name, title in titles.items():
        own = [_beside(item, folder) for item in exhibits.get(name, [])]
        method = method_html(name, list(titles), shown, partial(renamed, study))
        topics.append(
            {
                "id": name,
                "title": title,
                "exhibits": own,
                "method": method,
            }
        )
    further = [_beside(item, folder) for item in context["others"]]
    if further:
        entry = {"id": "further", "title": "Further tables and figures", "method": ""}
        topics.append({**entry, "exhibits": further})
    return topics


def policy_hash(text: str) -> str:
    """Return the hash by which a content policy admits an inline style or script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


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

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}{match[3]}" if match[2] in shown else ""

    def link(match: re.Match[str]) -> str:
        label = match[1]
        return f"[{label}](#method-{match[2]})" if match[2] in topics else label

    text = words(LINK.sub(link, EXAMPLE.sub(part, text)))
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = markdown.render(re.sub(r"(?m)^(##+ )", r"#\1", text))
    label = f"Method of {read_topics()[topic].title}"
    # A wide table scrolls in a box of its own, which a keyboard can reach.
    number = count(1)
    html = re.sub("<table>", lambda _: BOX.format(label, next(number)), html)
    html = html.replace("</table>", "</table></div>")
    # Our own files, without raw HTML.
    return Markup(html.replace("<pre>", '<pre tabindex="0">'))


def _beside(exhibit: Exhibit, folder: Path) -> dict[str, object]:
    """Return an exhibit with the paths of its picture and its data from the page of
    tables.
    """
    files = exhibit.files_from(folder)
    entry = {name: getattr(exhibit, name) for name in SHOWN}
    picture = files.get(exhibit.drawn, "")
    room = "" if exhibit.html else exhibit.room
    return {**entry, "picture": picture, "room": room, "twin": files[".csv"]}
