"""The study's named numbers: numbers.yaml in, one row of the results or arithmetic over
names behind each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from evenfield.answers.selections import NamesOfRows, selection_faults
from evenfield.answers.spec import Claims, read_claims
from evenfield.shared.estimates import (
    ESTIMATE_COLUMNS,
    NAN,
    TEXT_FIELDS,
    read_estimates,
)
from evenfield.shared.second_studies import OWN_STUDY, with_second_estimates
from evenfield.shared.spec import Spec
from evenfield.shared.tables.numbers import (
    MINUS,
    UNBOUNDED,
    decimals_of,
    decimals_to_show_nonzero,
    decimals_to_tell_apart,
    fixed,
    is_missing,
    p_value,
)
from evenfield.shared.tables.rows import Row, matching, one_row
from evenfield.study.errors import (
    ConfigError,
    EvenfieldError,
    Faults,
    NumbersError,
    not_known,
)
from evenfield.study.expressions import OVER_YEARS, arithmetic, columns_of
from evenfield.study.files import Record, read_json
from evenfield.study.rounding import FIRST_DIGITS, round_significant

NAME = r"[a-z][a-z0-9_]*"
# TeX has none in names
DIGITS = "Zero One Two Three Four Five Six Seven Eight Nine".split()
NUMBER_COLUMNS = [name for name in ESTIMATE_COLUMNS if name not in TEXT_FIELDS]
MOST_SHOWN = 12  # names of a circle
DEFAULTS = {"show", "unit", "times"}
# Units of measure of which a change is a relative one.
LOGARITHM = re.compile(r"(log points( x 100)?|natural log units|log)( per .*)?")
FORMULA = "names, finite numbers, + - * / ( ), log(x), exp(x)"


def _as_text(value: object) -> object:
    return str(value) if type(value) in (int, float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Kind = TypeVar("Kind", bound=BaseModel)


class Entry(Spec):
    """One named number: a row of the estimates, the row of an answer, a cell of a
    results table, or arithmetic.
    """

    select: dict[str, Text] = Field(default_factory=dict)
    answer: str = ""  # id of a claim or hypothesis whose row it is
    check: str = ""  # its check or variant, else the row that decides
    file: str = Field("", pattern=r"^((ingest|panel|weights|estimates)/[\w+/]+\.csv)?$")
    # wanted text by column of the file; with ``take`` also several, any of which a row has
    where: dict[str, Text | list[Text]] = Field(default_factory=dict)
    column: str = ""
    take: Literal["one", "count", "sum", "mean", "median", "std", "min", "max"] = "one"
    expression: str = Field("", alias="is")  # arithmetic over other names
    show: str = Field(pattern=r"^(\+?0(\.0{1,12})?|year)$")
    times: Annotated[float, Field(gt=0)] | str = 1.0  # a factor, or arithmetic for one
    percent: bool = False
    unit: str = ""

    @property
    def formulas(self) -> dict[str, str]:
        """The arithmetic over other names, by the key that holds it."""
        formulas = {"is": self.expression} if self.expression else {}
        return formulas | ({"times": self.times} if isinstance(self.times, str) else {})

    @model_validator(mode="after")
    def _one_source(self) -> Entry:
        sources = [self.select, self.answer, self.file, self.expression]
        if sum(map(bool, sources)) != 1:
            raise ValueError(
                "it needs one of: columns of estimates.csv, answer, file, is"
            )
        # What each key belongs to.
        belongs = {
            "check": self.answer,
            "where": self.file,
            "column": self.file or self.select,
            "take": self.file,
            "times": not self.expression,
            "percent": not self.expression,
        }
        for name, source in belongs.items():
            if name in self.model_fields_set and not source:
                raise ValueError(f"{name} does not belong here")
        if self.file and not self.column and self.take != "count":
            raise ValueError("a file needs a column")
        lists = [name for name, texts in self.where.items() if isinstance(texts, list)]
        if lists and self.take == "one":
            raise ValueError(f"where.{lists[0]} has a list, which needs take")
        return self


@dataclass(frozen=True, kw_only=True)
class Number:
    """A named number with all that a text may print of it."""

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None  # of the test that the number rests on
    smallest_visible: float | None = None
    show: str
    unit: str = ""
    measure: str = ""  # unit of measure of its row
    source: str
    estimate_id: str = ""

    def written(self, value: float | None) -> str:
        """Write a value as this number is shown; an end that does not exist is said in
        words.
        """
        if value is None or is_missing(value):
            return UNBOUNDED
        if self.show == "year":
            return f"{value:.0f}"
        return self._with_decimals(value, self._decimals)

    @property
    def _decimals(self) -> int:
        return decimals_of(self.show)

    def _with_decimals(self, value: float, decimals: int) -> str:
        text = fixed(value, decimals)
        positive = text[0] != MINUS and re.search("[1-9]", text)
        return f"+{text}" if self.show[0] == "+" and positive else text

    @property
    def text(self) -> str:
        """The number as prose prints it."""
        return self.written(self.value)

    @property
    def interval(self) -> str:
        """The interval in words, for example ``0.04 to 1.57``; empty where there is
        none.
        """
        low, high = self.low, self.high
        if is_missing(low) and is_missing(high):
            return ""
        decimals = self._decimals
        if not is_missing(low) and not is_missing(high):
            decimals = decimals_to_tell_apart(low, high, decimals)
        return f"{self._end(low, decimals)} to {self._end(high, decimals)}"

    def _end(self, value: float | None, decimals: int) -> str:
        """Write an end of an interval, with the digits that show on which side of zero
        it lies.
        """
        if value is None or is_missing(value) or self.show == "year":
            return self.written(value)
        return self._with_decimals(value, decimals_to_show_nonzero(value, decimals))

    def plain(self) -> dict[str, object]:
        """Return the entry of numbers.json."""
        entry: dict[str, Any] = {
            name: None if isinstance(value, float) and is_missing(value) else value
            for name, value in asdict(self).items()
        }
        entry |= {
            "text": self.text,
            "interval": self.interval,
            "from": self.source,
        }
        return entry


def read_entries(config: Record) -> dict[str, Entry]:
    """Return numbers.yaml as it stands in a checked config, refused in one line where a
    run would refuse it later.
    """
    written = dict(config.get("numbers", {}))
    defaults = written.pop("defaults", {})
    if not isinstance(defaults, Mapping) or not set(defaults) <= DEFAULTS:
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
            # share_1 and share_one are one macro, ShareOne: TeX has no digits in names.
            twin = macros.setdefault(macro(name), name)
            if twin != name:
                raise NumbersError(
                    f"{twin} and {name} have the same name in TeX",
                    "names that differ",
                    "rename one",
                )
    rows = NamesOfRows(config)
    for name, entry in entries.items():
        with faults.caught():
            _check(name, entry, written, rows, claims)
    if not faults:
        with faults.caught():
            ordered_names(entries)
    faults.refuse()
    return entries


def _entry(name: str, item: object, defaults: Record) -> Entry:
    given = dict(defaults)
    if isinstance(item, Mapping) and "is" in item and "times" not in item:
        given.pop("times", None)  # a default for numbers of a table
    return printed(Entry, name, item, given)


def printed(
    kind: type[Kind],
    name: str,
    item: object,
    defaults: Record,
    error: type[EvenfieldError] = NumbersError,
) -> Kind:
    """Return what is written of a number, whose columns of estimates.csv select its row;
    refused in one line where it is not in order.
    """
    if not re.fullmatch(NAME, name.rpartition(" ")[2]):
        raise error(
            f"the name '{name}'",
            "small letters, digits and _, a letter first",
            "rename it",
        )
    if not isinstance(item, Mapping):
        raise error(
            f"{name} holds no mapping",
            "keys as docs/prose.md lists them",
            f"correct {name}",
        )
    own = [field.alias or key for key, field in kind.model_fields.items()]
    own.remove("select")
    given = {**defaults, "select": {}}
    for key, value in item.items():
        known(f"{name}: key", key, [*own, *TEXT_FIELDS], error)
        target = given if key in own else given["select"]
        target[key] = value
    try:
        return kind.model_validate(given)
    except ValidationError as fault:
        raise one_fault(name, fault, error) from None


def one_fault(
    name: str, fault: ValidationError, error: type[EvenfieldError]
) -> EvenfieldError:
    """Return the first fault of what is written under a name, in one line."""
    first = fault.errors()[0]
    location = ".".join(str(step) for step in first["loc"] if step != "select")
    where = f"{name}: {location}" if location else name
    return error(
        f"{where}: {first['msg'].removeprefix('Value error, ')}",
        "keys and values as docs/prose.md lists them",
        f"correct {name}",
    )


def _check(
    name: str, entry: Entry, entries: Record, rows: NamesOfRows, claims: Claims | None
) -> None:
    Faults(selection_faults(name, entry.select, rows, NumbersError)).refuse()
    if entry.select and entry.column:
        known(f"{name}: column", entry.column, NUMBER_COLUMNS)
    if entry.answer and claims:
        selections = _selections(claims)
        known(f"{name}: answer", entry.answer, list(selections))
        known(f"{name}: check", entry.check, list(selections[entry.answer]))
    if entry.file:
        folder, part, *_ = entry.file.split("/")
        folders = {
            "estimates": rows.topics,
            "panel": rows.schemes,
        }
        if folder in folders:
            known(f"{name}: file: folder", part, folders[folder])
    for key, formula in entry.formulas.items():
        for used in _names(name, key, formula):
            known(f"{name}: {key}: name", used, list(entries))


def _names(name: str, key: str, formula: str) -> list[str]:
    try:
        used = columns_of(formula)
        fault = "" if used else "no name"
    except ConfigError as error:
        fault = error.found
    over_years = [key for key in OVER_YEARS if re.search(rf"\b{key}\(", formula)]
    if over_years:
        fault = f"{over_years[0]}(), which takes several years"
    if fault:
        raise NumbersError(f"{name}: {key}: {fault}", FORMULA, f"correct {name}")
    return used


def ordered_names(entries: Mapping[str, Entry]) -> list[str]:
    """Return the names of all entries, each after all that it is made from; a circle is
    refused.
    """
    used: dict[str, list[str]] = {}
    for name, entry in entries.items():
        parts = [_names(name, key, text) for key, text in entry.formulas.items()]
        used[name] = list(chain(*parts))
    done = dict[str, None]()
    for start in entries:
        # Depth first without recursion: thousands of names may rest on one another.
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
    # From its first name by alphabet, so that each order of the file says the same.
    circle = [*circle[first:], *circle[:first], min(circle)]
    shown = circle if len(circle) < MOST_SHOWN else [*circle[:MOST_SHOWN], "..."]
    fault = f"{circle[0]} is made from itself ({' - '.join(shown)})"
    return NumbersError(fault, "no circle", f"correct {circle[0]}")


def _selections(claims: Claims) -> dict[str, dict[str, dict[str, str]]]:
    """Return the selections of every answer that rests on a row, by name of the check
    or variant.
    """
    entries: dict[str, Any] = dict(claims.hypotheses)
    for claim in claims.claims:
        # A claim that rests on a hypothesis is judged by that hypothesis' rows.
        entries[claim.id] = claims.hypotheses.get(claim.hypothesis, claim)
    selections = {}
    for name, entry in entries.items():
        if entry.first:
            by_kind = entry.selections().items()
            selections[name] = {check: select for (_, check), select in by_kind}
    return selections


def named_numbers(config: Record, root: str | Path) -> dict[str, Number]:
    """Return every number of a study by name, from its results folder."""
    entries = read_entries(config)
    if not entries:
        return {}
    results = _Results(config, root)
    out = dict[str, Number]()
    for name in ordered_names(entries):
        # In an order in which each name stands behind those that it uses.
        out[name] = results.number(name, entries[name], out)
    return dict(sorted(out.items()))


def numbers_of_last_run(
    config: Record, root: str | Path
) -> tuple[dict[str, Number], Faults]:
    """Return the numbers that the last run has left the rows and tables of, and the
    formulas that give none; what it did not make yet, and what rests on that, is for a
    run to say.
    """
    entries = read_entries(config)
    results = _Results(config, root)
    faults = Faults()
    out = dict[str, Number]()
    for name in ordered_names(entries):
        entry = entries[name]
        used = chain(*(_names(name, *item) for item in entry.formulas.items()))
        if not {*used} <= out.keys():
            continue
        if entry.formulas:
            with faults.caught():
                _check_formulas(name, entry, out)
        with suppress(EvenfieldError, OSError):
            out[name] = results.number(name, entry, out)
    return out, faults


def _check_formulas(name: str, entry: Entry, out: Mapping[str, Number]) -> None:
    """Refuse a formula that gives no number, or no factor."""
    if entry.expression:
        _computed(name, entry, out)
    else:
        _factor(name, entry, out)


class _Results:
    """The rows and tables of a results folder that numbers are read from."""

    def __init__(self, config: Record, root: str | Path) -> None:
        self._root = Path(root)
        self._selections = _selections(read_claims(config))
        own = read_estimates(self._root / "estimates.csv")
        self._estimates = with_second_estimates(own, config)
        # As text: ``where`` compares what the file says, so that 01 is not 1.
        self._read = cache(partial[Any](pd.read_csv, dtype=str, keep_default_na=False))

    def number(self, name: str, entry: Entry, others: Mapping[str, Number]) -> Number:
        """Return a number, made from others where it has a formula."""
        if entry.expression:
            return _computed(name, entry, others)
        scale = Scale(_factor(name, entry, others), entry.percent)
        if entry.file:
            frame = self._read(self._root / entry.file)
            cell = {"estimate": _cell(name, entry, frame)}
            return _number(name, entry, cell, entry.file, scale)
        select = {"study": OWN_STUDY, **entry.select}
        if entry.answer:
            select = self._selections[entry.answer][entry.check]
        row = one_row(self._estimates, select, name, NumbersError)
        if entry.column:
            # Another column of the row has no interval and no unit of measure.
            value = _float(name, row[entry.column])
            row = {"estimate": value, "estimate_id": row["estimate_id"]}
        _check_percent(name, entry, row.get("unit_of_measure"))
        return _number(name, entry, row, "estimates.csv", scale)


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
        with faults.caught():
            frame = read(entry.file) if entry.file else None
            if frame is not None:
                value = {"estimate": _cell(name, entry, frame)}
                # Only to refuse a blank: a factor may rest on numbers of a run.
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
    # For small changes both agree; for large ones log points are no percent.
    if logarithm and entry.unit.startswith("%") and not entry.percent:
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
        raise NumbersError(
            f"{name} is blank ({row.get('warning') or 'no reason given'})",
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
        measure=row.get("unit_of_measure", ""),
        source=source,
        estimate_id=row.get("estimate_id", ""),
    )


def _computed(name: str, entry: Entry, out: Mapping[str, Number]) -> Number:
    value = _evaluated(name, "is", entry.expression, out)
    if not math.isfinite(value):
        raise NumbersError(
            f"{name}: is ({entry.expression}) gives no number",
            "arithmetic that has a finite value",
            f"correct {name}",
        )
    return _number(name, entry, {"estimate": value}, entry.expression)


def _evaluated(
    name: str, key: str, formula: str, numbers: Mapping[str, Number]
) -> float:
    """Return the value of arithmetic over other numbers; not a number where there is
    none.
    """
    values = {used: numbers[used].value for used in _names(name, key, formula)}
    try:
        return arithmetic(formula, values)
    except ConfigError:
        return NAN


def _cell(name: str, entry: Entry, frame: pd.DataFrame) -> float:
    for column in filter(None, [*entry.where, entry.column]):
        known(f"{name}: column of {entry.file}", column, list(frame.columns))
    one = entry.take == "one"
    where = dict[str, str]()
    for column, wanted in entry.where.items():
        if isinstance(wanted, str):
            where[column] = wanted
        else:
            frame = _any_of(name, frame, column, wanted)
    if one and where:
        row = one_row(frame, where, name, NumbersError)
        return _float(name, row[entry.column])
    rows = matching(frame, where)
    if rows.empty or (one and len(rows) > 1):
        raise NumbersError(
            f"{name} selects {len(rows)} rows of {entry.file}",
            "one row",
            "correct where or take",
        )
    if one:
        return _float(name, rows[entry.column].iloc[0])
    if entry.take == "count":
        return float(len(rows))
    values = [_float(name, text) for text in rows[entry.column] if text]
    return float(pd.Series(values, dtype=float).agg(entry.take))


def _any_of(
    name: str, frame: pd.DataFrame, column: str, wanted: Sequence[str]
) -> pd.DataFrame:
    """Return the rows whose column holds one of the wanted texts, each of which some row
    has.
    """
    for text in wanted:
        known(f"{name}: {column}", text, sorted(set(frame[column])))
    return frame[frame[column].isin(wanted)]


def _float(name: str, value: Any) -> float:
    try:
        return NAN if is_missing(value) else float(value)
    except ValueError:
        raise NumbersError(
            f"{name} is the text '{value}'",
            "a column of numbers",
            "name another column",
        ) from None


def known(
    where: str,
    name: str,
    names: Sequence[str],
    error: type[EvenfieldError] = NumbersError,
) -> None:
    """Refuse a name that is not among ``names``, with its nearest neighbour."""
    if name not in names:
        raise error(*not_known(where, name, names))


def read_numbers(path: str | Path) -> dict[str, Number]:
    """Read results/numbers.json."""
    columns = {field.name for field in fields(Number)}
    numbers = {}
    for name, entry in read_json(path).items():
        entry["source"] = entry["from"]
        numbers[name] = Number(**{key: entry[key] for key in columns & {*entry}})
    return numbers


def macro(name: str) -> str:
    r"""Return the TeX macro of a name: ``own_2019`` is ``\evenfieldOwnTwoZeroOneNine``."""
    words = re.sub("[0-9]", lambda digit: DIGITS[int(digit[0])], name.title())
    return "\\evenfield" + re.sub("[^A-Za-z]", "", words)


def numbers_tex(numbers: Mapping[str, Number]) -> str:
    """Write every number as TeX macros: itself, Low, High, P, Visible."""
    return "".join(
        f"\\newcommand{{{name}}}{{{_tex(text)}}}\n" for name, text in macros(numbers)
    )


def macros(numbers: Mapping[str, Number]) -> Iterable[tuple[str, str]]:
    """Yield the name in TeX and the text of every number and of its parts."""
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
