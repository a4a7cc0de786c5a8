"""The sections of a report, each from its topic: `section.md` with the numbers and words
of its topic.yaml, in the order of the topics.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from evenfield.report.bibliography import Reference, read_references
from evenfield.report.markup import APART, MARK, Mark, in_plain_words
from evenfield.report.numbers import Number, Scale
from evenfield.report.printable import part_of, word
from evenfield.report.prose import PLACED_BY_NAME, PLACED_ONCE, Document, Prose
from evenfield.report.topic_numbers import content_of
from evenfield.shared.sections import Shown
from evenfield.shared.study_results import StudyResults
from evenfield.shared.topics import TOPICS, read_topics
from evenfield.study.errors import ReportError, not_known
from evenfield.study.files import Record

# The texts of a topic: its section, its sentence in the answer at the head of a report,
# the same in an introduction, without its numbers; its line in what the data cannot
# show, the title of a report that it gives, its method with references.
SECTION = "section"
ANSWER = "answer"
FINDING = "finding"
LIMIT = "limit"
HEADLINE = "headline"
BRIEF = "brief"
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh")
METHODS = Path(__file__).with_name("methods.bib")


class Section(NamedTuple):
    """The names that the texts of a topic use, and the numbers among them."""

    names: dict[str, Any]
    numbers: dict[str, Number]  # by a name such as ``beta.speed``


@cache
def method_references() -> dict[str, Reference]:
    """Return the references that the texts of topics cite, by key."""
    return read_references(METHODS)


def section_files(kind: str = SECTION) -> dict[str, Path]:
    """Return the text of each topic that has one of a kind, in the order of the page; what
    stands at its head begins with the topics that lead.
    """
    topics = read_topics()
    names = list(topics)
    if kind in (HEADLINE, ANSWER, FINDING):
        names.sort(key=lambda name: not topics[name].leads)
    paths = {name: TOPICS / name / f"{kind}.md" for name in names}
    return {name: path for name, path in paths.items() if path.is_file()}


def read_section(config: Record, root: str | Path, topic: str) -> Section | None:
    """Return the section of a topic; nothing where it did not run or has nothing to
    say.
    """
    if read_topics()[topic].estimate and topic not in config["estimates"]:
        return None
    results = StudyResults(config, root).of(topic)
    content = content_of(results)
    return filled_section(topic, content) if content else None


def filled_section(topic: str, content: Mapping[str, object]) -> Section:
    """Return a section whose numbers are those that a topic offers."""
    numbers = {name: _number(shown) for name, shown in _named_numbers(topic, content)}
    names = {key: _printable(f"{topic}.{key}", item) for key, item in content.items()}
    return Section(names, numbers)


class Sections:
    """What `section` and `sections` in a text stand for."""

    def __init__(
        self,
        read: Callable[[str], Section | None],
        names: Record,
        exhibits: Sequence[str],
    ) -> None:
        self._read = cache(read)
        self._names = names
        self._exhibits = exhibits

    def one(self, document: Document, topic: str) -> Mark:
        """Return the section of a topic, without the exhibits that its text places
        itself; nothing where the topic did not run.
        """
        if topic not in section_files():
            raise ReportError(*not_known("section", topic, list(section_files())))
        document.standing.add(_placed_whole(topic))
        return Mark(self._written(SECTION, topic, document))

    def all(self, document: Document) -> Mark:
        """Return all sections in the order of the topics."""
        return self._gathered(SECTION, document)

    def in_short(self, document: Document) -> Mark:
        """Return one sentence of each topic that answers a part of the question."""
        return self._gathered(ANSWER, document)

    def findings(self, document: Document) -> Mark:
        """Return what was found in the words of an introduction, counted."""
        found = self._gathered(FINDING, document).split("\n")
        found = [sentence for sentence in found if sentence]
        if len(found) < 2:
            return Mark("".join(f"The finding is this: {one}" for one in found))
        counted = (
            f"{place}, {sentence}"
            for place, sentence in zip(ORDINALS, found, strict=False)
        )
        return Mark(f"There are {word(len(found))} findings. {' '.join(counted)}")

    def limits(self, document: Document) -> Mark:
        """Return what the data could not have shown, a line for each topic that says."""
        return self._gathered(LIMIT, document)

    def briefs(self, document: Document) -> Mark:
        """Return the method of each topic that ran, a line each."""
        return self._gathered(BRIEF, document)

    @cached_property
    def headline(self) -> str:
        """What was found, as the title of a report: that of the first topic that has one,
        else the title of the study.
        """
        for topic in section_files(HEADLINE):
            written = self._text(HEADLINE, topic, set(), on_paper=False)
            if written:
                as_printed = {"number": lambda _, __, printed: printed}
                return " ".join(in_plain_words(written, as_printed)).strip()
        return str(self._names["study"]["title"])

    def _gathered(self, kind: str, document: Document) -> Mark:
        texts = [
            self._written(kind, name, document)
            for name in section_files(kind)
            # A section that stands by its name does not stand among all again.
            if kind != SECTION or _placed_whole(name) not in document.standing
        ]
        # Sections stand apart, sentences and lines follow one another.
        return Mark(("\n\n" if kind == SECTION else "\n").join(filter(None, texts)))

    def _written(self, kind: str, topic: str, document: Document) -> str:
        on_paper = document.name != "page"
        return self._text(kind, topic, document.standing, on_paper=on_paper)

    def _text(
        self, kind: str, topic: str, standing: set[str], *, on_paper: bool
    ) -> str:
        section = self._read(topic)
        if section is None:
            return ""
        names = {**self._names, **section.names, "on_paper": on_paper}
        prose = Prose(
            {},
            names,
            method_references(),
            self._exhibits,
            templates={topic: section_files(kind)[topic]},
        )
        text = prose.filled(topic)

        def once(placed: re.Match[str]) -> str:
            kind, *args = placed[1].split(APART)
            if kind not in (*PLACED_BY_NAME, *PLACED_ONCE):
                return placed[0]
            name = args[0] if kind in PLACED_BY_NAME else kind
            again = name in standing
            standing.add(name)
            return "" if again else placed[0]

        return MARK.sub(once, text).strip("\n")


def _placed_whole(topic: str) -> str:
    """Return what stands among placed exhibits for the whole section of a topic."""
    return f"section {topic}"


def section_numbers(config: Record, root: str | Path) -> dict[str, Number]:
    """Return every number of all sections by its name."""
    numbers: dict[str, Number] = {}
    for topic in section_files():
        section = read_section(config, root, topic)
        numbers |= section.numbers if section else {}
    return numbers


def _number(shown: Shown) -> Number:
    row = shown.row
    scale = Scale(shown.times, shown.percent)

    def end(column: str) -> float | None:
        value = row.get(column)
        return None if value is None else scale(value)

    return Number(
        value=scale(row["estimate"]),
        low=end("conf_low"),
        high=end("conf_high"),
        smallest_visible=end("mde"),
        p=row.get("p_value"),
        show=shown.show,
        unit=shown.unit,
        source=shown.source,
        estimate_id=row.get("estimate_id", ""),
    )


def _named_numbers(name: str, item: object) -> Iterator[tuple[str, Shown]]:
    if isinstance(item, Shown):
        yield name, item
    elif isinstance(item, Mapping):
        for key, inner in item.items():
            yield from _named_numbers(f"{name}.{key}", inner)
    elif isinstance(item, list):
        for key, inner in _keyed(item):
            yield from _named_numbers(f"{name}.{key}", inner)


def _printable(name: str, item: object) -> object:
    """Return what a topic offers with each number as a text prints it."""
    if isinstance(item, Shown):
        return part_of(name, _number(item), name)
    if isinstance(item, Mapping):
        # No dict, whose methods (clear, items) a text would find in place of a key.
        parts = {key: _printable(f"{name}.{key}", part) for key, part in item.items()}
        return SimpleNamespace(**parts) if parts else None
    if isinstance(item, list):
        return [_printable(f"{name}.{key}", inner) for key, inner in _keyed(item)]
    return item


def _keyed(items: list[object]) -> Iterator[tuple[str, object]]:
    """Yield each item with its ``id``, or its number where it has none."""
    for number, item in enumerate(items, 1):
        own = item.get("id") if isinstance(item, Mapping) else None
        yield str(own or number), item
