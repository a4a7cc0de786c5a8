"""The study's named numbers: numbers.yaml in, one row of the results or arithmetic over
names behind each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from evenfield.answers.selections import selection_faults
from evenfield.answers.spec import Claims, read_claims
from evenfield.shared.estimates import (
    ESTIMATE_COLUMNS,
    NAN,
    TEXT_FIELDS,
    read_estimates,
)
from evenfield.shared.expressions import columns_of, evaluate
from evenfield.shared.spec import Spec
from evenfield.shared.tables.numbers import MINUS, UNBOUNDED, fixed, is_missing, p_value
from evenfield.shared.tables.rows import Row, matching, one_row
from evenfield.study.errors import ConfigError, Faults, NumbersError, not_known
from evenfield.study.files import read_json
from evenfield.study.rounding import FIRST_DIGITS, round_significant

NAME = r"[a-z][a-z0-9_]*"
DIGITS = "Zero One Two Three Four Five Six Seven Eight Nine".split()
NUMBER_COLUMNS = [name for name in ESTIMATE_COLUMNS if name not in TEXT_FIELDS]
MOST_SHOWN = 12  # names of a circle
# What an entry holds beside the columns that select its row of estimates.csv.
OWN = "answer check file where column take is show times percent unit".split()
PERCENT = "%"
LOGARITHM = re.compile(r"(log points( x 100)?|natural log units|log)( per .*)?")
Text = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) in (int, float) else value),
]


class Entry(Spec):
    """One named number: a row of the estimates, the row of an answer, a cell of a
    results table, or arithmetic.
    """

    select: dict[str, Text] = Field(default_factory=dict)
    answer: str = ""
    check: str = ""
    file: str = Field("", pattern=r"^((ingest|panel|estimates)/[\w+/]+\.csv)?$")
    where: dict[str, Text] = Field(default_factory=dict)
    column: str = ""
    take: Literal["one", "count", "sum", "mean", "median", "min", "max"] = "one"
    expression: str = Field("", alias="is")
    show: str = Field(pattern=r"^(\+?0(\.0{1,12})?|year)$")
    times: Annotated[float, Field(gt=0)] | str = 1.0
    percent: bool = False
    unit: str = ""

    @property
    def formulas(self) -> dict[str, str]:
        """The arithmetic over other names, by the key that holds it."""
        written = {"is": self.expression, "times": self.times}
        return {
            key: text for key, text in written.items() if text and type(text) is str
        }

    @model_validator(mode="after")
    def _one_source(self) -> Entry:
        sources = [self.select, self.answer, self.file, self.expression]
        if sum(map(bool, sources)) != 1:
            raise ValueError(
                "it needs one of: columns of estimates.csv, answer, file, is"
            )
        wrong = {
            "check": not self.answer,
            "where": not self.file,
            "column": not (self.file or self.select),
        }
        computed = bool(self.expression)
        wrong |= {"take": not self.file, "times": computed, "percent": computed}
        if extra := [
            name for name, out in wrong.items() if out and name in self.model_fields_set
        ]:
            raise ValueError(f"{extra[0]} does not belong here")
        if self.file and not self.column and self.take != "count":
            raise ValueError("a file needs a column")
        return self


@dataclass(frozen=True, kw_only=True)
class Number:
    """A named number with all that a text may print of it."""

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    smallest_visible: float | None = None
    show: str
    unit: str = ""
    source: str
    estimate_id: str = ""

    def written(self, value: float | None) -> str:
        """Write a value as this number is shown; an end that does not exist is said in
        words.
        """
        if is_missing(value):
            return UNBOUNDED
        if self.show == "year":
            return f"{value:.0f}"
        text = fixed(value, len(self.show.partition(".")[2]))
        return (
            f"+{text}"
            if self.show[0] == "+" and re.search("[1-9]", text) and text[0] != MINUS
            else text
        )

    @property
    def text(self) -> str:
        """The number as prose prints it."""
        return self.written(self.value)

    @property
    def interval(self) -> str:
        """The interval in words, for example ``0.04 to 1.57``; empty where there is
        none.
        """
        if is_missing(self.low) and is_missing(self.high):
            return ""
        return f"{self.written(self.low)} to {self.written(self.high)}"

    def plain(self) -> dict[str, Any]:
        """Return the entry of numbers.json."""
        plain_fields = asdict(self)
        plain_fields = {
            name: None if isinstance(v, float) and is_missing(v) else v
            for name, v in plain_fields.items()
        }
        return {
            **plain_fields,
            "text": self.text,
            "interval": self.interval,
            "from": plain_fields.pop("source"),
        }


def read_entries(config: Mapping[str, Any]) -> dict[str, Entry]:
    """Return numbers.yaml as it stands in a checked config, refused in one line where a
    run would refuse it later.
    """
    written = dict(config.get("numbers", {}))
    defaults = written.pop("defaults", {})
    if not isinstance(defaults, Mapping) or not set(defaults) <= {
        "show",
        "unit",
        "times",
    }:
        raise NumbersError(
            "defaults is not in order",
            "a mapping with show, unit or times",
            "correct it",
        )
    faults = Faults()
    entries = dict[str, Entry]()
    macros = dict[str, str]()
    claims = None
    with faults.caught():
        claims = read_claims(config)
    for name, item in written.items():
        with faults.caught():
            entries[name] = _entry(name, item, defaults)
            if (twin := macros.setdefault(macro(name), name)) != name:
                raise NumbersError(
                    f"{twin} and {name} have the same name in TeX",
                    "names that differ",
                    "rename one",
                )
    for name, entry in entries.items():
        with faults.caught():
            _check(name, entry, written, config, claims)
    if not faults:
        with faults.caught():
            ordered_names(entries)
    faults.refuse()
    return entries


def _entry(name: str, item: Any, defaults: Mapping[str, Any]) -> Entry:
    if not re.fullmatch(NAME, name):
        raise NumbersError(
            f"the name '{name}'",
            "small letters, digits and _, a letter first",
            "rename it",
        )
    if not isinstance(item, Mapping):
        raise NumbersError(
            f"{name} holds no mapping",
            "keys as docs/prose.md lists them",
            f"correct {name}",
        )
    select = {key: value for key, value in item.items() if key not in OWN}
    for key in select:
        known(f"{name}: key", key, [*OWN, *TEXT_FIELDS])
    given = {key: value for key, value in item.items() if key in OWN}
    shared = {
        key: value
        for key, value in defaults.items()
        if key != "times" or "is" not in given
    }
    try:
        return Entry.model_validate({**shared, **given, "select": select})
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(step) for step in first["loc"] if step != "select")
        message = first["msg"].removeprefix("Value error, ")
        where = f"{name}: {f'{location}: ' if location else ''}{message}"
        raise NumbersError(
            where, "keys and values as docs/prose.md lists them", f"correct {name}"
        ) from None


def _check(
    name: str,
    entry: Entry,
    entries: Mapping[str, Any],
    config: Mapping[str, Any],
    claims: Claims | None,
) -> None:
    Faults(selection_faults(name, entry.select, config, NumbersError)).refuse()
    if entry.select and entry.column:
        known(f"{name}: column", entry.column, NUMBER_COLUMNS)
    if entry.answer and claims:
        selections = _selections(claims)
        known(f"{name}: answer", entry.answer, list(selections))
        known(f"{name}: check", entry.check, list(selections[entry.answer]))
    if entry.file:
        folder, part, *_ = entry.file.split("/")
        if folder != "ingest":
            there = (
                config["estimates"]
                if folder == "estimates"
                else config["panel"]["unit_schemes"]
            )
            known(f"{name}: file: folder", part, list(there))
    for key, formula in entry.formulas.items():
        for used in _names(name, key, formula):
            known(f"{name}: {key}: name", used, list(entries))


def _names(name: str, key: str, formula: str) -> list[str]:
    try:
        if re.search(r"\b(lag|mean)\(", formula):
            raise ConfigError(
                "lag and mean", "names, numbers, + - * / ( ), log(x), exp(x)", ""
            )
        used = columns_of(formula)
        if not used:
            raise ConfigError("no name", "arithmetic over names of numbers.yaml", "")
        return used
    except ConfigError as error:
        raise NumbersError(
            f"{name}: {key}: {error.found}",
            "names, finite numbers, + - * / ( ), log(x), exp(x)",
            f"correct {name}",
        ) from None


def ordered_names(entries: Mapping[str, Entry]) -> list[str]:
    """Return the names of all entries, each after all that it is made from; a circle is
    refused.
    """
    used = {
        name: list(chain(*(_names(name, *item) for item in entry.formulas.items())))
        for name, entry in entries.items()
    }
    done = dict[str, None]()
    for start in entries:
        trail = dict.fromkeys([start])  # names that wait for what they are made from
        while trail:
            name = next(reversed(trail))
            waiting = [other for other in used.get(name, ()) if other not in done]
            if not waiting:
                done[name] = trail.pop(name)
            elif waiting[0] in trail:
                raise _circle(list(trail), waiting[0])
            else:
                trail[waiting[0]] = None
    return list(done)


def _circle(trail: list[str], name: str) -> NumbersError:
    circle = trail[trail.index(name) :]
    first = circle.index(min(circle))
    circle = [*circle[first:], *circle[:first], min(circle)]
    shown = circle if len(circle) < MOST_SHOWN else [*circle[:MOST_SHOWN], "..."]
    fault = f"{circle[0]} is made from itself ({' - '.join(shown)})"
    return NumbersError(fault, "no circle", f"correct {circle[0]}")


def _selections(claims: Claims) -> dict[str, dict[str, dict[str, str]]]:
    """Return the selections of every answer that rests on a row, by name of the check
    or variant.
    """
    selections = {
        **claims.hypotheses,
        **{
            item.id: claims.hypotheses.get(item.hypothesis, item)
            for item in claims.claims
        },
    }
    return {
        name: {check: select for (_, check), select in entry.selections().items()}
        for name, entry in selections.items()
        if entry.first
    }


def named_numbers(config: Mapping[str, Any], root: str | Path) -> dict[str, Number]:
    """Return every number of a study by name, from its results folder."""
    entries = read_entries(config)
    claims = read_claims(config)
    out = dict[str, Number]()
    selections = _selections(claims)
    read = cache(
        lambda path: pd.read_csv(Path(root) / path, dtype=str, keep_default_na=False)
    )
    estimates = (
        read_estimates(Path(root) / "estimates.csv") if entries else pd.DataFrame()
    )
    for name in ordered_names(entries):
        entry = entries[name]
        if entry.expression:
            out[name] = _computed(name, entry, out)
            continue
        scale = Scale(_factor(name, entry, out), entry.percent)
        if entry.file:
            cell = {"estimate": _cell(name, entry, read(entry.file))}
            out[name] = _number(name, entry, cell, entry.file, scale)
            continue
        select = selections[entry.answer][entry.check] if entry.answer else entry.select
        row = one_row(estimates, select, name, NumbersError)
        if entry.column:
            known(f"{name}: column", entry.column, list(row))
            row = {
                "estimate": _float(name, row[entry.column]),
                "estimate_id": row["estimate_id"],
            }
        _check_percent(name, entry, row.get("unit_of_measure"))
        out[name] = _number(name, entry, row, "estimates.csv", scale)
    return {name: out[name] for name in sorted(out)}


def check_cells(
    entries: Mapping[str, Entry],
    table: Callable[[str], pd.DataFrame | None],
    faults: Faults,
) -> None:
    """Hold numbers that are cells of a table against the tables that are known before
    a run; ``table`` returns the one of a path, or nothing if only a run makes it.
    """
    read = cache(table)
    for name, entry in entries.items():
        if not entry.file:
            continue
        with faults.caught():
            frame = read(entry.file)
            if frame is not None:
                value = {"estimate": _cell(name, entry, frame)}
                _number(name, entry, value, entry.file)


class Scale(NamedTuple):
    """How a cell becomes the number that is printed."""

    factor: float = 1.0
    percent: bool = False

    def __call__(self, value: float) -> float:
        """Return factor x value, in percent of the level where it is a logarithm."""
        scaled = self.factor * value
        if not self.percent:
            return scaled
        # A change of a logarithm by x is one of 100 (exp(x) - 1) percent; NumPy's last
        # bits depend on the processor.
        percent = 100 * np.expm1(scaled)
        return float(round_significant(percent, FIRST_DIGITS))


AS_IT_STANDS = Scale()


def _factor(name: str, entry: Entry, numbers: Mapping[str, Number]) -> float:
    if not isinstance(entry.times, str):
        return entry.times
    factor = _evaluated(name, "times", entry.times, numbers)
    if not 0 < factor < math.inf:
        raise NumbersError(
            f"{name}: times ({entry.times}) gives no such factor",
            "a number above zero",
            f"correct {name}",
        )
    return factor


def _check_percent(name: str, entry: Entry, measure: str | None) -> None:
    """Refuse log points that are called percent, and a percentage made of anything
    else.
    """
    if measure is None:
        return
    logarithm = LOGARITHM.fullmatch(measure) is not None
    if logarithm and entry.unit.startswith(PERCENT) and not entry.percent:
        raise NumbersError(
            f"{name} is a row in {measure} with the unit {entry.unit}",
            "percent: true, which prints 100 x (exp(x) - 1)",
            f"add it to {name}, or correct its unit",
        )
    if entry.percent and not logarithm:
        raise NumbersError(
            f"{name} has percent: true and is a row in {measure or 'no unit'}",
            "a row in log points",
            f"remove percent from {name}",
        )


def _number(
    name: str, entry: Entry, row: Row, source: str, scale: Scale = AS_IT_STANDS
) -> Number:
    if is_missing(row["estimate"]):
        reason = row.get("warning") or "no reason given"
        raise NumbersError(
            f"{name} is blank ({reason})",
            "a row that holds a number",
            "select another row",
        )
    return Number(
        value=scale(row["estimate"]),
        low=scale(row.get("conf_low", NAN)),
        high=scale(row.get("conf_high", NAN)),
        smallest_visible=scale(row.get("mde", NAN)),
        p=row.get("p_value", NAN),
        show=entry.show,
        unit=entry.unit,
        source=source,
        estimate_id=row.get("estimate_id", ""),
    )


def _computed(name: str, entry: Entry, out: Mapping[str, Number]) -> Number:
    value = _evaluated(name, "is", entry.expression, out)
    row = {"estimate": value, "warning": "not a finite number"}
    return _number(name, entry, row, entry.expression)


def _evaluated(
    name: str, key: str, formula: str, numbers: Mapping[str, Number]
) -> float:
    """Return the value of arithmetic over other numbers; not a number where there is
    none.
    """
    values = {used: numbers[used].value for used in _names(name, key, formula)}
    try:
        return float(evaluate(formula, pd.DataFrame([values], index=[0])).iloc[0])
    except (ArithmeticError, ConfigError):
        return NAN


def _cell(name: str, entry: Entry, frame: pd.DataFrame) -> float:
    for column in [*entry.where, *([entry.column] if entry.column else [])]:
        known(f"{name}: column of {entry.file}", column, list(frame.columns))
    if entry.take == "one" and entry.where:
        return _float(
            name, one_row(frame, entry.where, name, NumbersError)[entry.column]
        )
    rows = matching(frame, entry.where)
    if rows.empty or (entry.take == "one" and len(rows) > 1):
        raise NumbersError(
            f"{name} selects {len(rows)} rows of {entry.file}",
            "one row",
            "correct where or take",
        )
    if entry.take == "one":
        return _float(name, rows[entry.column].iloc[0])
    if entry.take == "count":
        return float(len(rows))
    values = [_float(name, text) for text in rows[entry.column] if text]
    return float(pd.Series(values, dtype=float).agg(entry.take))


def _float(name: str, value: Any) -> float:
    try:
        return NAN if is_missing(value) else float(value)
    except ValueError:
        raise NumbersError(
            f"{name} is the text '{value}'",
            "a column of numbers",
            "name another column",
        ) from None


def known(where: str, name: str, names: Sequence[str]) -> None:
    """Refuse a name that is not among ``names``, with its nearest neighbour."""
    if name not in names:
        raise NumbersError(*not_known(where, name, names))


def read_numbers(path: str | Path) -> dict[str, Number]:
    """Read results/numbers.json."""
    names = {field.name for field in fields(Number)}
    return {
        name: Number(
            **{
                key: value
                for key, value in {
                    **number_fields,
                    "source": number_fields["from"],
                }.items()
                if key in names
            }
        )
        for name, number_fields in read_json(path).items()
    }


def macro(name: str) -> str:
    r"""Return the TeX macro of a name: ``own_2019`` is ``\evenfieldOwnTwoZeroOneNine``."""
    words = re.findall(r"[a-z]+|[0-9]", name)
    return "\\evenfield" + "".join(
        DIGITS[int(word)] if word.isdigit() else word.capitalize() for word in words
    )


def numbers_tex(numbers: Mapping[str, Number]) -> str:
    """Write every number as TeX macros: itself, Low, High, P, Visible."""
    return "".join(
        f"\\newcommand{{{name}}}{{{_tex(text)}}}\n" for name, text in _macros(numbers)
    )


def _macros(numbers: Mapping[str, Number]) -> Iterable[tuple[str, str]]:
    for name, number in numbers.items():
        yield macro(name), number.text
        if number.interval:
            yield f"{macro(name)}Low", number.written(number.low)
            yield f"{macro(name)}High", number.written(number.high)
        if not is_missing(number.p):
            yield f"{macro(name)}P", p_value(number.p)
        if not is_missing(number.smallest_visible):
            yield f"{macro(name)}Visible", number.written(number.smallest_visible)


def _tex(text: str) -> str:
    return re.sub(
        f"([{MINUS}<>])", lambda sign: f"${sign[1].replace(MINUS, '-')}$", text
    )
