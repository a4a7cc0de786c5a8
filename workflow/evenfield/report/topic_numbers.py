"""The numbers and words of a topic's section: `numbers` of its topic.yaml in, a row of
its estimates behind each; docs/prose.md lists the keys.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from itertools import product
from operator import attrgetter
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from evenfield.answers.selections import NamesOfRows, selection_faults
from evenfield.report.numbers import Text, known, one_fault, printed
from evenfield.shared.estimates import ESTIMATE_COLUMNS, NAN, TEXT_FIELDS
from evenfield.shared.facts import Facts
from evenfield.shared.sections import (
    Shown,
    effect_size,
    is_clear,
    shown,
    side_of_zero,
    visible,
)
from evenfield.shared.spec import Spec
from evenfield.shared.tables import Row, is_missing, only, pick, reason, text
from evenfield.shared.tables.units import term_name
from evenfield.shared.topics import TOPICS, read_topics
from evenfield.study.errors import Faults, ReportError
from evenfield.study.files import Record

# What a name stands for; each entry holds one of them.
KINDS = ("show", "word", "side", "visible", "clear")
OF_ANOTHER = ("side", "visible", "clear")
Texts = Annotated[
    list[Text],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
]


class Entry(Spec):
    """A number or a word of a section, from the row that its own columns and those
    around it select.
    """

    select: dict[str, Texts] = Field(default_factory=dict)
    by: str = ""  # column by which the row comes first, with - from the highest down
    show: str = Field("", pattern=r"^(effect|\+?0(\.0{1,12})?)?$")
    column: str = ""  # of the row, in place of the estimate
    series: bool = False  # of the part's row of series.csv, in place of the estimates
    times: float = Field(1.0, gt=0)
    percent: bool = False
    unit: str = ""
    tested: bool = False  # said with its p only
    word: str = ""  # column of the row, or spec.KEY, that is said in words
    words: dict[str, str] = Field(default_factory=dict)
    without: str = ""  # how the column begins, which is not said
    side: str = ""  # name of a number: what its interval says of zero
    visible: str = ""  # name of a number: the smallest that would have been seen
    clear: str = ""  # name of a number: whether its p is small; nothing without one

    @model_validator(mode="after")
    def _one_kind(self) -> Entry:
        if sum(bool(getattr(self, kind)) for kind in KINDS) != 1:
            raise ValueError(f"it needs one of: {', '.join(KINDS)}")
        return self


class Part(Spec):
    """Names that belong together, once or for each of several."""

    specs: dict[str, str] = Field(default_factory=dict)
    rows: dict[str, Texts] = Field(default_factory=dict)
    choose: dict[str, Texts] = Field(default_factory=dict)
    series: dict[str, Text] = Field(default_factory=dict)
    each: list[str | dict[str, Text]] = Field(default_factory=list)
    needs: list[str] | None = None  # names, of ``a or b`` one; a number by default
    at_most: int = 1_000
    names: dict[str, Any] = Field(default_factory=dict)  # texts, entries, parts


NO_ROWS = pd.DataFrame(columns=[*ESTIMATE_COLUMNS])


@cache
def part_of(topic: str) -> Part | None:
    """Return what a section prints as its topic.yaml says it; nothing where code says
    it.
    """
    written = read_topics()[topic].numbers
    return None if written is None else _part(f"topics/{topic}/topic.yaml:", written)


def _part(where: str, written: Record) -> Part:
    own = [key for key in Part.model_fields if key != "names"]
    given = {key: item for key, item in written.items() if key in own}
    names = {
        name: _item(f"{where} {name}", item)
        for name, item in written.items()
        if name not in own
    }
    try:
        part = Part.model_validate({**given, "names": names})
    except ValidationError as fault:
        raise one_fault(where, fault, ReportError) from None
    for name in (*part.rows, *part.choose):
        known(f"{where} column", name, TEXT_FIELDS, ReportError)
    for column in part.each:
        if isinstance(column, str):
            known(f"{where} each", column, ["spec", *TEXT_FIELDS], ReportError)
    of_another = [
        (name, getattr(entry, kind))
        for name, entry in names.items()
        if isinstance(entry, Entry)
        for kind in OF_ANOTHER
        if getattr(entry, kind)
    ]
    needed = [("needs", one) for need in part.needs or () for one in need.split(" or ")]
    for name, other in [*of_another, *needed]:
        known(f"{where} {name}: name", other.split(".")[0], [*names], ReportError)
    return part


def _item(where: str, item: object) -> object:
    """Return a text, an entry or a part, or a list of parts."""
    if isinstance(item, list):
        return [_part(where, one) for one in item]
    if isinstance(item, Mapping):
        # Names of a part may be called like kinds of an entry: side, visible.
        if not any(isinstance(item.get(kind), str) for kind in KINDS):
            return _part(where, item)
        entry = printed(Entry, where, item, {}, ReportError)
        column = entry.column or entry.by.removeprefix("-")
        if column and not entry.series:
            known(f"{where}: column", column, ESTIMATE_COLUMNS, ReportError)
        return entry
    return str(item)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is said: which rows may be meant, and what braces name."""

    where: str
    facts: Facts
    specs: list[Row] = field(default_factory=list)
    select: dict[str, list[str]] = field(default_factory=dict)
    series: Row = field(default_factory=dict)  # the row of series.csv that is meant
    texts: Row = field(default_factory=dict)  # of the one that is gone over

    def rows(self, **wanted: list[str]) -> pd.DataFrame:
        """Return the estimates that may be meant, or those of a narrower choice."""
        select: dict[str, Any] = {**self.select, **wanted}
        return self.facts.estimates(**select)

    def holding(self, **wanted: list[str]) -> Place:
        """Return a place with rows that hold other values."""
        return replace(self, select={**self.select, **wanted})

    def without(self, column: str) -> Place:
        """Return a place whose rows may hold anything in a column."""
        select = {key: item for key, item in self.select.items() if key != column}
        return replace(self, select=select)

    @property
    def row(self) -> Row:
        """The first of the rows; blank in each column where there is none."""
        return pick(self.rows()) or dict.fromkeys(ESTIMATE_COLUMNS, "")

    def series_row(self, by: list[str], wanted: Row) -> Row:
        """Return the row of the topic's series that comes first."""
        return _first_by(only(self.facts.series(), **wanted), by)

    @property
    def spec(self) -> Row:
        """The one specification whose rows are meant."""
        wanted = self.select.get("spec_id")
        return next((spec for spec in self.specs if [spec["id"]] == wanted), {})

    @property
    def period(self) -> str:
        """The one period that is meant, by its name in the config."""
        return next(iter(self.select.get("period", [])), "")

    @property
    def fit(self) -> Record:
        """The summary of that specification."""
        summary: Record = self.facts.fit()[self.spec["id"]]
        return summary

    @property
    def unit(self) -> str:
        """The name of the unit that that specification is of."""
        return self.facts.name(self.spec["unit"])

    def filled(self, text: str) -> str:
        """Fill the braces of a text."""
        try:
            return text.format_map(self)
        except (LookupError, TypeError, ValueError) as fault:
            raise ReportError(
                f"{self.where} '{text}' names what is not there ({fault})",
                f"one of {', '.join(IN_BRACES)}, or a noun of the study",
                "correct it",
            ) from None

    def __getitem__(self, name: str) -> Any:
        if name in IN_BRACES:
            return IN_BRACES[name](self)
        words = {**self.facts.words, **self.texts}
        if name in words:
            return words[name]
        # What a specification names in a list of its section: an outcome, a moderator.
        section = self.facts.config.estimates[self.facts.topic]
        several = re.sub("y$", "ie", name) + "s"
        return section[several][self.spec[name]]


def _label_of_spec(place: Place) -> object:
    table = import_module(f"evenfield.topics.{place.facts.topic}.table")
    return table.spec_labels(place.facts)[place.spec["id"]]


# What braces may name beside the study's nouns and the lists of a topic's section.
IN_BRACES: dict[str, Callable[[Place], Any]] = {
    "fit": attrgetter("fit"),
    "first": lambda place: place.facts.config.periods[place.period].start,
    "last": lambda place: place.facts.config.periods[place.period].end,
    "level": lambda place: place.facts.level,
    "main": lambda place: place.facts.main,
    "period": lambda place: place.facts.period(place.period),
    "power": lambda place: f"{place.facts.power:.0%}",
    "row": attrgetter("row"),
    "series": attrgetter("series"),
    "spec": attrgetter("spec"),
    "spec_label": _label_of_spec,
    "taxonomy": lambda place: place.facts.taxonomy,
    "unit": attrgetter("unit"),
    "weights": lambda place: place.facts.config.weights.primary,
}


def content_of(facts: Facts) -> Row:
    """Return the names that a topic's section prints, with the numbers among them;
    empty where it has nothing to say.
    """
    part = part_of(facts.topic)
    code = TOPICS / facts.topic / "text.py"
    place = Place(where=f"topics/{facts.topic}/topic.yaml:", facts=facts)
    content = _said(part, place) if part else {}
    if code.is_file() and (content or not part):
        module = import_module(f"evenfield.topics.{facts.topic}.text")
        content |= module.section(facts)
    return content


def _said(part: Part, place: Place) -> Row:
    """Return the names of a part; empty where what it needs is not there."""
    place = _narrowed(part, place)
    said: Row = dict(place.texts)
    for name, item in part.names.items():
        inside = replace(place, where=f"{place.where} {name}", texts={})
        said[name] = _written(item, inside, said)
    if part.needs is None:
        return said if _has_number(said) else {}
    there = [any(said[name] for name in need.split(" or ")) for need in part.needs]
    return said if all(there) else {}


def _written(item: Any, place: Place, said: Row) -> Any:
    """Return what stands for one name: a text, a number, a word, a part or several."""
    if isinstance(item, str):
        return place.filled(item)
    if isinstance(item, list):
        return [content for part in item if (content := _said(part, place))]
    if isinstance(item, Entry):
        return _entry(item, place, said)
    if not item.each:
        return _said(item, place)
    inside = _holding(item.rows, place)
    each = (_said(item, one) for one in _gone_over(item.each, inside))
    return list(filter(None, each))[: item.at_most]


def _narrowed(part: Part, place: Place) -> Place:
    """Return the place inside a part: its rows, the choice that it makes, its series."""
    if part.specs:
        place = replace(place, specs=_asked(part.specs, place.facts))
    elif not place.specs:
        place = replace(place, specs=place.facts.specs())
    if part.series:
        wanted = {key: place.filled(item) for key, item in part.series.items()}
        by = wanted.pop("by", "").split()
        place = replace(place, series=place.series_row(by, wanted))
    if not part.each:
        place = _holding(part.rows, place)
    for column, values in part.choose.items():
        place = place.holding(**{column: [_first_held(column, values, place)]})
    return place


def _asked(specs: Record, facts: Facts) -> list[Row]:
    """Return the specifications of one question whose keys begin with what is wanted."""
    wanted = dict(specs)
    found = facts.specs(question=wanted.pop("of", ""))
    return [
        spec
        for spec in found
        if all(str(spec[key]).startswith(text) for key, text in wanted.items())
    ]


def _holding(rows: Record, place: Place) -> Place:
    for column, values in rows.items():
        wanted = list(map(place.filled, values))
        if column == "spec_id" and wanted == ["primary"]:
            ranked = sorted(place.specs, key=lambda spec: spec.get("role") != "primary")
            wanted = [str(spec["id"]) for spec in ranked[:1]]
        place = place.holding(**{column: wanted})
    return place


def _first_held(column: str, values: list[str], place: Place) -> str:
    """Return the first of some values that a row which is not blank holds, else that any
    row holds, else the first.
    """
    rows = place.without(column).rows()
    defined = rows[rows["estimate"].notna()]
    wanted = [
        text for value in values for text in _values(value, defined, column, place)
    ]
    for frame in (defined, rows):
        held = set(frame[column])
        for text_held in filter(held.__contains__, wanted):
            return text_held
    return wanted[0] if wanted else ""


def _values(value: str, rows: pd.DataFrame, column: str, place: Place) -> Iterable[str]:
    """Return what one value stands for: the periods that a report shows, or any that
    there is.
    """
    if value == "shown":
        return place.facts.shown("span", "main")
    return rows[column] if value == "any" else [place.filled(value)]


def _gone_over(each: list[Any], place: Place) -> Iterator[Place]:
    """Yield a place for each of those that a part goes over, with its id."""
    if isinstance(each[0], Mapping):
        for one in each:
            texts = {key: place.filled(text) for key, text in one.items()}
            rows = {key: [texts.pop(key)] for key in one if key in TEXT_FIELDS}
            id_ = "_".join(filter(None, map("".join, rows.values())))
            yield replace(place.holding(**rows), texts={"id": id_, **texts})
        return
    column = "spec_id" if each[0] == "spec" else each[0]
    outside = place.select.get(column, [])
    # Beside one that is meant outside, the others.
    apart = outside if len(outside) == 1 else []
    for value in _all_values(each[0], place):
        if value in apart:
            continue
        inside = place.holding(**{column: [value]})
        id_ = "_".join(filter(None, [place.texts.get("id"), value]))
        inside = replace(inside, texts={"id": id_})
        yield from _gone_over(each[1:], inside) if each[1:] else [inside]


def _all_values(column: str, place: Place) -> list[str]:
    """Return the specifications as they are written, the periods that a report shows, or
    the values of a column as its rows stand, those of primary ones first.
    """
    if column == "spec":
        return [str(spec["id"]) for spec in place.specs]
    if column == "period":
        return place.facts.shown("span", "main")
    rows = place.without(column).rows()
    later = rows["role"].ne("primary")
    return list(rows[column].iloc[later.argsort(kind="stable")].unique())


def _first_by(rows: pd.DataFrame, by: list[str]) -> Row:
    """Return the first row by some columns, of which none may be blank, from the highest
    down behind a minus.
    """
    if by:
        columns = [column.removeprefix("-") for column in by]
        ascending = [not column.startswith("-") for column in by]
        rows = rows.dropna(subset=columns).sort_values(
            columns, ascending=ascending, kind="stable"
        )
    return pick(rows)


def _entry(entry: Entry, place: Place, said: Row) -> Any:
    if entry.side or entry.visible or entry.clear:
        return _of_another(entry, place.facts, said)
    for column, values in entry.select.items():
        place = place.holding(**{column: list(map(place.filled, values))})
    if entry.word:
        return _in_words(entry, place)
    row = place.series if entry.series else _first_by(place.rows(), entry.by.split())
    if entry.column:
        value = row.get(entry.column, NAN)
        row = {"estimate": value, "estimate_id": row.get("estimate_id", "")}
    if entry.tested and is_missing(row.get("p_value", NAN)):
        return None
    if entry.show == "effect":
        return effect_size(row)
    number = shown(
        row, entry.show, entry.unit, times=entry.times, percent=entry.percent
    )
    if number and entry.series:
        return number._replace(source=f"estimates/{place.facts.topic}/series.csv")
    return number


def _of_another(entry: Entry, facts: Facts, said: Row) -> object:
    """Return what an interval or a p says of a number that stands before."""
    number: Any = said
    for step in (entry.side or entry.visible or entry.clear).split("."):
        number = number.get(step) if number else None
    if entry.visible:
        return visible(facts, number) if number else None
    if entry.side:
        return side_of_zero(number.row if number else {})
    return is_clear(facts, number.row) if number else None


def _in_words(entry: Entry, place: Place) -> str:
    """Return a column of the row, or a key of the specification, in words."""
    source, _, key = entry.word.rpartition(".")
    row = place.spec if source else _first_by(place.rows(), entry.by.split())
    value = row.get(key)
    written = ", ".join(value) if isinstance(value, list | tuple) else text(value)
    given = entry.words.get(written, entry.words.get("any"))
    if given is not None:
        return place.filled(given)
    words: dict[str, Callable[[str], str]] = {
        "term": term_name,
        "period": place.facts.period,
        "warning": reason,
    }
    plain = words[key](written) if key in words else written.replace("_", " ")
    return plain.removeprefix(entry.without)


def _has_number(said: object) -> bool:
    if isinstance(said, Mapping):
        return any(map(_has_number, said.values()))
    return (
        any(map(_has_number, said))
        if isinstance(said, list)
        else isinstance(said, Shown)
    )


@dataclass(frozen=True, kw_only=True)
class Unrun(Place):
    """A place before a run: no row is there, and what a run will say is blank."""

    known: NamesOfRows

    def rows(self, **wanted: list[str]) -> pd.DataFrame:
        """Return no row; refuse what no row of this study can hold."""
        select = {"family": [self.facts.topic], **self.select, **wanted}
        for values in product(*select.values()):
            chosen = dict(zip(select, values, strict=True))
            wrong = selection_faults(self.where, chosen, self.known, ReportError)
            Faults(wrong).refuse()
        return NO_ROWS

    def series_row(self, *_: object) -> Row:
        """Return a row that holds nothing."""
        return defaultdict(float)

    @property
    def fit(self) -> Record:
        """Nothing, whatever is asked."""
        return defaultdict(str)

    @property
    def unit(self) -> str:
        """No name."""
        return ""


def check_numbers(config: Record, faults: Faults) -> None:
    """Refuse what a run would refuse in the numbers of topics, as far as no row decides
    it.
    """
    facts = Facts(config)
    known_rows = NamesOfRows(config)
    for topic, file in read_topics().items():
        asked = file.estimate is None or topic in config["estimates"]
        with faults.caught():
            part = part_of(topic) if asked else None
            if part:
                where = f"topics/{topic}/topic.yaml:"
                _said(part, Unrun(where=where, facts=facts.of(topic), known=known_rows))
