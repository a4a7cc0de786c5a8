"""The numbers and words of a topic's section: `numbers` of its topic.yaml in, a row of
its estimates behind each; docs/prose.md lists the keys.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from itertools import product
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from evenfield.answers.selections import NamesOfRows, selection_faults
from evenfield.report.numbers import Text, known, one_fault, printed
from evenfield.shared.estimates import ESTIMATE_COLUMNS, NAN, TEXT_FIELDS
from evenfield.shared.sections import (
    Shown,
    effect_size,
    is_clear,
    shown,
    side_of_zero,
    visible,
)
from evenfield.shared.spec import Spec
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, is_missing, only, pick, reason, text
from evenfield.shared.tables.units import term_name
from evenfield.shared.topics import (
    TOPICS,
    in_words_of,
    label_in_words,
    measured_in,
    put_in,
    read_topics,
)
from evenfield.study.errors import Faults, ReportError
from evenfield.study.files import Record
from evenfield.study.study_config import Period

# What a name stands for; each entry holds one of them.
KINDS = ("show", "word", "side", "visible", "clear")
BRACES = re.compile(r"(\{.*?\})")  # what a text of topic.yaml is filled with
NO_ROWS = pd.DataFrame(columns=[*ESTIMATE_COLUMNS])
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
    negligible: float = Field(0.0, ge=0)  # as far from zero as this is nothing
    visible: str = ""  # name of a number: the smallest that would have been seen
    clear: str = ""  # name of a number: whether its p is small; nothing without one

    @model_validator(mode="after")
    def _one_kind(self) -> Entry:
        if sum(bool(getattr(self, kind)) for kind in KINDS) != 1:
            raise ValueError(f"it needs one of: {', '.join(KINDS)}")
        if self.negligible and not self.side:
            raise ValueError("what is negligible belongs to a side")
        return self


class Part(Spec):
    """Names that belong together, once or for each of several.

    ``specs``: question (``of``) and how other keys of its specifications begin;
    ``series``: values, and ``by``, that find a row of series.csv; ``rows``: wanted texts
    by column; ``choose``: by column the texts of which the first held is wanted;
    ``each``: columns, spec or period to go over, or a list of columns and words.
    """

    specs: dict[str, str] = Field(default_factory=dict)
    series: dict[str, Text] = Field(default_factory=dict)
    rows: dict[str, Texts] = Field(default_factory=dict)
    each: list[str] | list[dict[str, Text]] = Field(default_factory=list)
    choose: dict[str, Texts] = Field(default_factory=dict)
    needs: list[str] | None = None  # names, of ``a or b`` one; a number by default
    at_most: int = 1_000
    names: dict[str, Any] = Field(default_factory=dict)  # texts, entries, parts


@cache
def part_of(topic: str) -> Part | None:
    """Return what a section prints as its topic.yaml says it; nothing where code says
    it.
    """
    written = read_topics()[topic].numbers
    return None if written is None else _part(f"topics/{topic}/topic.yaml:", written)


def _part(where: str, written: Record) -> Part:
    given: dict[str, Any] = {"names": {}}
    for name, item in written.items():
        if name in Part.model_fields:
            given[name] = item
        else:
            given["names"][name] = _item(f"{where} {name}", item)
    try:
        part = Part.model_validate(given)
    except ValidationError as fault:
        raise one_fault(where, fault, ReportError) from None
    over = [column for column in part.each if isinstance(column, str)]
    for name in (*part.rows, *part.choose, *over):
        known(f"{where} column", name, ["spec", *TEXT_FIELDS], ReportError)
    return part


def _item(where: str, item: object) -> object:
    """Return a text, an entry or a part, or a list of parts."""
    if isinstance(item, list):
        return [_part(where, one) for one in item]
    if not isinstance(item, Mapping):
        return str(item)
    # Names of a part may be called like kinds of an entry: side, visible.
    if not any(isinstance(item.get(kind), str) for kind in KINDS):
        return _part(where, item)
    entry = printed(Entry, where, item, {}, ReportError)
    columns = {"column": entry.column, "by": entry.by.removeprefix("-")}
    if not entry.word.startswith("spec."):
        columns["word"] = entry.word
    for key, column in columns.items():
        if column and not entry.series:
            known(f"{where}: {key}", column, ESTIMATE_COLUMNS, ReportError)
    return entry


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is said, and which rows may be meant there."""

    where: str
    results: StudyResults
    specs: list[Row] = field(default_factory=list)
    select: dict[str, Any] = field(default_factory=dict)  # wanted texts by column
    series: Row = field(default_factory=dict)  # the row of series.csv that is meant
    # its ``id`` and words, where `each` made this place
    said: Row = field(default_factory=dict)

    def holding(self, **wanted: list[str]) -> Place:
        """Return a place whose rows hold other values."""
        return replace(self, select={**self.select, **wanted})

    def first(self, by: list[str]) -> Row:
        """Return the estimate that may be meant and comes first; empty where there is none."""
        if by:
            return _first_by(self.results.estimates(**self.select), by)
        return self.results.first_estimate(**self.select)

    def beside(self, column: str, other: str) -> pd.DataFrame:
        """Return a column and another one of the estimates that may be meant, whatever
        the column holds.
        """
        select = {name: texts for name, texts in self.select.items() if name != column}
        return self.results.estimate_columns([column, other], **select)

    def values(self, column: str) -> list[str]:
        """Return the values of a column in the rows that all else selects, primary first."""
        rows = self.beside(column, "role")
        later = rows["role"].ne("primary").argsort(kind="stable")
        return list(rows[column].iloc[later].unique())

    def series_row(self, by: list[str], wanted: Row) -> Row:
        """Return the row of the topic's series that comes first."""
        series = self.results.series()
        for column in (*wanted, *(column.removeprefix("-") for column in by)):
            known(f"{self.where} series: column", column, [*series], ReportError)
        return _first_by(only(series, **wanted), by)

    def value(self, row: Row, column: str) -> Any:
        """Return what a row says in a column; nothing where there is no row."""
        if row:
            known(f"{self.where}: column", column, [*row], ReportError)
        return row.get(column, NAN)

    @property
    def has_series(self) -> bool:
        """Whether a row of series.csv is there: a topic may have found none."""
        return bool(self.series)

    @property
    def row(self) -> Row:
        """The first of the rows; blank in each column where there is none."""
        return self.first([]) or dict.fromkeys(ESTIMATE_COLUMNS, "")

    @property
    def spec(self) -> Row:
        """The one specification whose rows are meant."""
        wanted = self.select.get("spec_id")
        return next((spec for spec in self.specs if [spec["id"]] == wanted), {})

    @property
    def label(self) -> str:
        """What the topic's table calls that specification."""
        table = import_module(f"evenfield.topics.{self.results.topic}.table")
        return str(table.spec_labels(self.results)[self.spec["id"]])

    @property
    def unit(self) -> str:
        """The name of the unit that that specification is of."""
        return self.results.name(self.spec["unit"])

    @property
    def fit(self) -> Record:
        """The summary of that specification."""
        summary: Record = self.results.fit()[self.spec["id"]]
        return summary

    @property
    def named(self) -> Row:
        """What the specification names in a list of its section: an outcome, say."""
        section = self.results.config.estimates[self.results.topic]
        # Lists are named in the plural, keys of a specification in the singular.
        one = {re.sub("ies$", "ys", several)[:-1]: several for several in section}
        return {
            name: section[one[name]][value]
            for name, value in self.spec.items()
            if name in one
        }

    @property
    def years(self) -> Period:
        """The one period that is meant."""
        return self.results.config.periods[self.select["period"][0]]

    @property
    def period(self) -> str:
        """That period as it is printed."""
        return self.results.period(self.select["period"][0])

    def filled(self, text: str) -> str:
        """Fill the braces of a text: nouns and results of the study, and this place."""
        try:
            return text.format(
                here=self,
                results=self.results,
                spec=self.spec,
                series=self.series,
                **self.results.words,
            )
        except (LookupError, AttributeError, TypeError, ValueError) as fault:
            raise ReportError(
                f"{self.where} '{text}' names what is not there ({fault})",
                "what docs/prose.md lists",
                "correct it",
            ) from None

    def said_as(self, text: str) -> str:
        """Fill the braces of words that are printed, ours as the study has them."""
        study = self.results.words
        parts = BRACES.split(text)
        ours = "".join(
            part if number % 2 else in_words_of(study, part)
            for number, part in enumerate(parts)
        )
        return put_in(measured_in(study), self.filled(ours))


def content_of(results: StudyResults) -> Row:
    """Return the names that a topic's section prints, with the numbers among them;
    empty where it has nothing to say.
    """
    part = part_of(results.topic)
    place = Place(where=f"topics/{results.topic}/topic.yaml:", results=results)
    content = _said(part, place) if part else {}
    if (TOPICS / results.topic / "text.py").is_file() and (content or not part):
        code = import_module(f"evenfield.topics.{results.topic}.text")
        content |= code.named_units(results, content) if part else code.section(results)
    return content


def _said(part: Part, place: Place) -> Row:
    """Return the names of a part; empty where what it needs is not there."""
    place = _inside(part, place)
    if part.series and not place.has_series:
        return {}
    said = dict(place.said)
    # Those names are of this part alone, not of the parts inside it.
    place = replace(place, said={})
    for name, item in part.names.items():
        there = replace(place, where=f"{place.where} {name}")
        said[name] = _written(item, there, said)
    if part.needs is None:
        return said if _has_number(said) else {}
    for need in part.needs:
        names = need.split(" or ")
        for name in names:
            known(f"{place.where} needs: name", name, [*said], ReportError)
        if not any(said[name] for name in names):
            return {}
    return said


def _inside(part: Part, place: Place) -> Place:
    """Return the place inside a part: its specifications, series, rows and choices; where
    no row of the series is there, nothing rests on it.
    """
    # A part without specs keeps those of the part around it.
    if part.specs or not place.specs:
        place = replace(place, specs=_asked(part.specs, place.results))
    if part.series:
        wanted = {name: place.filled(item) for name, item in part.series.items()}
        by = wanted.pop("by", "").split()
        place = replace(place, series=place.series_row(by, wanted))
        if not place.has_series:
            return place
    # With `each`, _written has applied them; again they would undo what it chose.
    if not part.each:
        place = _holding(part.rows, place)
    for column, values in part.choose.items():
        place = place.holding(**{column: [_first_held(column, values, place)]})
    return place


def _written(item: Any, place: Place, said: Row) -> Any:
    """Return what stands for one name: a text, a number, a word, a part or several."""
    if isinstance(item, str):
        return place.said_as(item)
    if isinstance(item, Entry):
        return _entry(item, place, said)
    if isinstance(item, list):
        return list(filter(None, (_said(part, place) for part in item)))
    if not item.each:
        return _said(item, place)
    places = _gone_over(item.each, _holding(item.rows, place))
    return list(filter(None, (_said(item, one) for one in places)))[: item.at_most]


def _asked(specs: Mapping[str, str], results: StudyResults) -> list[Row]:
    """Return the specifications of a question whose keys begin as is wanted."""
    begins = {key: text for key, text in specs.items() if key != "of"}
    return [
        spec
        for spec in results.specs(question=specs.get("of", ""))
        if isinstance(spec, dict)
        and all(str(spec[key]).startswith(text) for key, text in begins.items())
    ]


def _holding(rows: Mapping[str, list[str]], place: Place) -> Place:
    for column, values in rows.items():
        texts = list(map(place.filled, values))
        if column == "spec_id" and texts == ["primary"]:
            ranked = sorted(place.specs, key=lambda spec: spec.get("role") != "primary")
            texts = [str(spec["id"]) for spec in ranked[:1]]
        place = place.holding(**{column: texts})
    return place


def _first_held(column: str, values: list[str], place: Place) -> str:
    """Return the first of some values that the column holds in a row with an estimate,
    or else in any row; where no row holds one, what the first row holds; without rows
    the first value.
    """
    wanted = list(map(place.filled, values))
    if wanted == ["shown"]:
        wanted = place.results.shown("span", "main")
    rows = place.beside(column, "estimate")
    rank = rows[column].map({text: number for number, text in enumerate(wanted)})
    blank = rows["estimate"].isna() | rank.isna()
    ranked = rows.assign(blank=blank, rank=rank).sort_values(["blank", "rank"])
    return next(iter([*ranked[column], *wanted]), "")


def _gone_over(each: list[str] | list[dict[str, str]], place: Place) -> list[Place]:
    """Return a place for each of those listed, or for each value of some columns."""
    places = [place]
    for one in each:
        if isinstance(one, dict):
            return [_listed(item, place) for item in each]
        places = [inner for outer in places for inner in _each(one, outer)]
    return places


def _listed(one: Any, place: Place) -> Place:
    """Return the place of one of a list: columns of its rows, and words."""
    rows = {name: [place.filled(one[name])] for name in one if name in TEXT_FIELDS}
    said = {name: place.said_as(one[name]) for name in one if name not in rows}
    id_ = "_".join(texts[0] for texts in rows.values() if texts[0])
    return replace(place.holding(**rows), said={"id": id_, **said})


def _each(one: str, place: Place) -> list[Place]:
    """Return a place for each specification, period or value of a column, except the one
    that the place has selected already.
    """
    column = "spec_id" if one == "spec" else one
    if one == "spec":
        values = [str(spec["id"]) for spec in place.specs]
    elif one == "period":
        values = place.results.shown("span", "main")
    else:
        values = place.values(column)
    outer = [place.said["id"]] if place.said else []
    return [
        replace(
            place.holding(**{column: [value]}), said={"id": "_".join([*outer, value])}
        )
        for value in values
        if place.select.get(column) != [value]
    ]


def _first_by(rows: pd.DataFrame, by: list[str]) -> Row:
    """Return the first row when sorted by some columns, upwards, or downwards with -
    before the name; rows with a blank in one of them are left out.
    """
    if by:
        columns = [column.removeprefix("-") for column in by]
        ascending = [not column.startswith("-") for column in by]
        defined = rows.dropna(subset=columns)
        rows = defined.sort_values(columns, ascending=ascending, kind="stable")
    return pick(rows)


def _entry(entry: Entry, place: Place, said: Row) -> Any:
    """Return a number or a word from its row, or what is said of another number."""
    other = entry.side or entry.visible or entry.clear
    if other:
        return _of_another(entry, _named(other, place, said), place.results)
    place = _holding(entry.select, place)
    if entry.word.startswith("spec."):
        return _in_words(entry, place.spec, place)
    row = place.series if entry.series else place.first(entry.by.split())
    return _in_words(entry, row, place) if entry.word else _number(entry, row, place)


def _number(entry: Entry, row: Row, place: Place) -> Shown | None:
    if entry.column:
        value = place.value(row, entry.column)
        row = {"estimate": value, "estimate_id": row.get("estimate_id", "")}
    if entry.tested and is_missing(row.get("p_value", NAN)):
        return None
    if entry.show == "effect":
        return effect_size(row)
    number = shown(
        row, entry.show, entry.unit, times=entry.times, percent=entry.percent
    )
    if number and entry.series:
        return number._replace(source=f"estimates/{place.results.topic}/series.csv")
    return number


def _named(name: str, place: Place, said: Row) -> Any:
    """Return the number that a name stands for; nothing where it is not said."""
    number: Any = said
    for step in name.split("."):
        if number and step not in number:
            known(f"{place.where}: name", step, [*number], ReportError)
        number = number[step] if number else None
    return number


def _of_another(entry: Entry, number: Shown | None, results: StudyResults) -> object:
    """Return what interval or p of a number say."""
    if entry.side:
        return side_of_zero(number.row if number else {}, entry.negligible)
    if number is None:
        return None
    return visible(results, number) if entry.visible else is_clear(results, number.row)


def _in_words(entry: Entry, row: Row, place: Place) -> str:
    """Return a column of a row, or a key of the specification, in words."""
    column = entry.word.removeprefix("spec.")
    value = row.get(column)
    written = ", ".join(value) if isinstance(value, list) else text(value)
    given = entry.words.get(written, entry.words.get("any"))
    if given is not None:
        return place.said_as(given)
    in_words: dict[str, Callable[[str], str]] = {
        "term": term_name,
        "period": place.results.period,
        "warning": reason,
    }
    plain = label_in_words(place.results.words, written.replace("_", " "))
    said = in_words[column](written) if column in in_words else plain
    return said.removeprefix(entry.without)


def _has_number(said: object) -> bool:
    if isinstance(said, Mapping):
        said = [*said.values()]
    return any(map(_has_number, said)) if type(said) is list else type(said) is Shown


@dataclass(frozen=True, kw_only=True)
class Unrun(Place):
    """A place before a run: no row is there, and what a run will say is blank."""

    names_of_rows: NamesOfRows

    def first(self, by: list[str]) -> Row:
        """Return no row; refuse what no row of this study can hold."""
        return _first_by(self.beside(), by)

    def beside(self, *_: object) -> pd.DataFrame:
        """Return no row; refuse what no row of this study can hold."""
        select = {"family": [self.results.topic], **self.select}
        for values in product(*select.values()):
            chosen = dict(zip(select, values, strict=True))
            wrong = selection_faults(
                self.where, chosen, self.names_of_rows, ReportError
            )
            Faults(wrong).refuse()
        return NO_ROWS

    def values(self, *_: object) -> list[str]:
        """Return one value that stands for all."""
        return [""]

    def series_row(self, *_: object) -> Row:
        """Return a row that holds nothing."""
        return defaultdict(float)

    def value(self, *_: object) -> Any:
        """Return nothing: what columns a series has, a run finds."""
        return NAN

    @property
    def has_series(self) -> bool:
        """A row of series.csv stands for whatever a run finds."""
        return True

    @property
    def fit(self) -> Record:
        """Nothing, whatever is asked."""
        return defaultdict(str)

    @property
    def label(self) -> str:
        """No label."""
        return ""

    @property
    def unit(self) -> str:
        """No name."""
        return ""


def check_numbers(config: Record, faults: Faults) -> None:
    """Refuse what a run would refuse in the numbers of topics, as far as no row decides
    it.
    """
    results = StudyResults(config)
    names = NamesOfRows(config)
    for topic, file in read_topics().items():
        if file.estimate is None or topic in config["estimates"]:
            where = f"topics/{topic}/topic.yaml:"
            place = Unrun(where=where, results=results.of(topic), names_of_rows=names)
            with faults.caught():
                part = part_of(topic)
                if part:
                    _said(part, place)
