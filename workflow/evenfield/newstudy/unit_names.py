"""Which unit a row of another file means: by id or name, never by running numbers that
only happen to fit.

Texts are compared ever more loosely: as written, without case, as whole numbers,
without accents, without words such as `province`. What is loose is said. A column of
names wins over running numbers; two columns that both fit and name different units are
refused.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from shlex import quote
from typing import Any

import pandas as pd

from evenfield.newstudy.cells import MISSING, numbers_of
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.errors import IngestError, first_examples, near_names, nearest

# Letters that Unicode does not part into a base letter and a mark.
LETTERS = str.maketrans(LISTS["letters"])
UMLAUTS = str.maketrans(LISTS["umlauts"])
WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
FIT = 0.9  # a column fits that names this share of the units of the best


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())


def _whole(text: str) -> str:
    written = WORDS.census.fullmatch(text)
    text = written[1] if written else text
    # 01 and 1.0 are one number; of 16 digits or more a float may lose the last.
    return str(int(float(text))) if WHOLE.fullmatch(text) and len(text) < 16 else ""


@lru_cache(maxsize=2**16)
def _plain(text: str) -> str:
    # NFKD parts a letter from its accents, which are then left out.
    letters = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    bare = re.sub(r"['’`ʻ\u200b-\u200d\u2060]", "", bare.replace("&", " and "))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split()).removeprefix("the ")


@lru_cache(maxsize=2**16)
def without_marks(text: str) -> str:
    """Return a name without marks of footnotes and the number before it."""
    bare = WORDS.numbering.sub("", text.strip())
    return WORDS.marks.sub("", bare) or bare


def _unmarked(text: str) -> str:
    return _plain(without_marks(text))


def _spelt_out(text: str) -> str:
    return _plain(unicodedata.normalize("NFC", text).casefold().translate(UMLAUTS))


def _without_kind(text: str) -> str:
    bare = WORDS.chinese_kind.sub("", _plain(text))
    return WORDS.kind_after.sub("", WORDS.kind_before.sub("", bare)) or bare


# From strict to loose; a text is compared more loosely only if it fits nothing before.
FORMS: tuple[Callable[[str], str], ...] = (
    str.strip,
    _folded,
    _whole,
    _plain,
    _spelt_out,
    _unmarked,
    _without_kind,
)
NUMBERS = FORMS.index(_whole)
LOOSE = FORMS.index(_without_kind)


@lru_cache(maxsize=2**16)
def in_all_forms(text: str) -> frozenset[tuple[int, str]]:
    """Return a text in each form, with the number of the form: texts that share none are
    never matched.
    """
    shown = [form(text.strip()) for form in FORMS]
    return frozenset(pair for pair in enumerate(shown) if pair[1])


@dataclass(frozen=True)
class UnitMatch:
    """The units that the rows of a file name."""

    column: str  # column of the file that names them
    ids: pd.Series  # id of the unit by row, missing where the row names none
    messages: tuple[str, ...]  # what the user should know of how they were matched
    unknown: tuple[str, ...]  # texts of the column that are no units


@dataclass(frozen=True, eq=False)
class _Candidate:
    column: str
    ids: pd.Series
    score: int  # rows that name a unit; for outlines, units that one row names
    numbers: bool  # whether it names units by numbers
    running: bool  # whether these count 1, 2, 3, ... as row numbers do
    loose: tuple[str, ...]  # texts that fit only without words such as `province`


def match_units(
    frame: pd.DataFrame,
    units: pd.DataFrame,
    file: str,
    *,
    headers: Iterable[str] = ("unit",),
    column: str = "",
    once: bool = False,
) -> UnitMatch:
    """Return the column of a table that names the units, and the unit of each row.

    ``headers`` are names of the panel's own column of units, ``column`` is the column
    that the user asks for, and ``once`` says that a unit should have one row.
    """
    known = _known_texts(units)
    columns = [column] if column else list(frame.columns)
    candidates = [_candidate(frame[name], name, known, once) for name in columns]
    candidates = [candidate for candidate in candidates if candidate.score]
    if not candidates:
        raise _nothing_fits(frame, units, file, column)
    own = {header.casefold() for header in headers if header}
    if column:
        best = candidates[0]
        messages = list[str]()
    else:
        best, messages = _best(candidates, frame, file, own, once)
    ids = best.ids
    if once and not column:
        ids = _filled(best, candidates)
    if best.loose:
        messages.append(
            f"{file}: matched without words such as province:"
            f" {first_examples(list(best.loose), 6)}"
        )
    texts = frame[best.column][ids.isna()].str.strip()
    unknown = tuple(dict.fromkeys(text for text in texts if text))
    return UnitMatch(best.column, ids, tuple(messages), unknown)


def _known_texts(units: pd.DataFrame) -> list[dict[str, str | None]]:
    """Return the unit that each text means, form by form; none where it means several.

    An id wins over a name, and both over other columns that tell the units apart.
    """
    keys = [name for name in ("unit", "name", "name_zh") if name in units]
    for name in units.columns.difference(keys, sort=False):
        texts = units[name].astype(str).str.strip()
        if texts.ne("").all() and texts.is_unique and numbers_of(texts) is None:
            keys.append(name)
    known = list[dict[str, str | None]]()
    for form in FORMS:
        meant = dict[str, str | None]()
        for key in keys:
            own = dict[str, str | None]()
            for text, unit in units[[key, "unit"]].astype(str).to_numpy():
                shown = form(text.strip())
                if shown:
                    own[shown] = unit if own.get(shown, unit) == unit else None
            # Earlier keys win: the id, then names, then other columns.
            meant = {**own, **meant}
        known.append(meant)
    return known


def _candidate(
    texts: pd.Series, column: str, known: list[dict[str, str | None]], once: bool
) -> _Candidate:
    cells = texts.astype(str).str.strip()
    written = list(dict.fromkeys(text for text in cells if text))
    unit_of = dict[str, str]()
    form_of = dict[str, int]()
    for step, form in enumerate(FORMS):
        shown = {text: form(text) for text in written}
        meant = {text: known[step].get(shown[text]) for text in written}
        if step == LOOSE:
            # A province and its city are one text without these words: neither is meant.
            alike = pd.Series(shown).duplicated(keep=False)
            taken = set(unit_of.values())
            meant = {
                text: None if alike[text] or unit in taken else unit
                for text, unit in meant.items()
            }
        for text, unit in meant.items():
            if unit is not None and text not in unit_of:
                unit_of[text] = unit
                form_of[text] = step
    ids = cells.map(unit_of)
    matched = ids.dropna()
    score = int((matched.value_counts() == 1).sum()) if once else len(matched)
    if once and not score:
        score = min(1, len(matched))
    numbers = sum(bool(WHOLE.fullmatch(text)) for text in unit_of)
    by_number = numbers > len(unit_of) / 2
    loose = [text for text, step in form_of.items() if step == LOOSE]
    return _Candidate(
        column=column,
        ids=ids,
        score=score,
        numbers=by_number,
        running=by_number and _running(written, known),
        loose=tuple(f"{text} = {unit_of[text]}" for text in loose),
    )


def _running(written: list[str], known: list[dict[str, str | None]]) -> bool:
    """Say whether numbers may count rows: the units' own do, those that both have
    follow on each other, or the file leaves no number out where the units do.
    """
    values = {int(float(text)) for text in written if WHOLE.fullmatch(text)}
    ids = {int(text) for text in known[NUMBERS] if text}
    shared = values & ids
    if not shared:
        return False
    below = {value for value in values if value <= max(shared)}
    if _without_gap(ids) or _without_gap(shared):
        return True
    return min(below) in {0, 1} and _without_gap(below)


def _without_gap(values: set[int]) -> bool:
    return max(values) - min(values) + 1 == len(values)


def _best(
    candidates: list[_Candidate],
    frame: pd.DataFrame,
    file: str,
    own: set[str],
    once: bool,
) -> tuple[_Candidate, list[str]]:
    """Return the column that names the units, and what the user should know of it."""
    ordered = sorted(
        candidates, key=lambda one: (-one.score, one.column.casefold() not in own)
    )
    named = [one for one in ordered if not one.running]
    counted = [one for one in ordered if one.running]
    # Names win over running numbers that fit twice as many rows at most.
    if not counted or (named and named[0].score >= 0.5 * counted[0].score):
        return _agreed(named, frame, file, set() if once else own), []
    same_header = [one for one in counted if one.column.casefold() in own]
    certain = [
        one for one in same_header if not WORDS.row_numbers.fullmatch(one.column)
    ]
    # Names beside the numbers are the proof: one conflict refutes, three rows confirm.
    texts = [one for one in named if not one.numbers]
    for one in certain or same_header or counted:
        if any(_conflict(one, other).any() for other in texts):
            return texts[0], []
        if any(_both(one, other).sum() >= 3 for other in texts):
            return one, []
    choice = certain if once else certain or same_header or counted
    if len(choice) == 1:
        note = (
            f"{file}: matched by the running numbers of column {choice[0].column}; see"
            " that they number the units as the panel does"
        )
        return choice[0], [note]
    columns = [one.column for one in counted]
    raise IngestError(
        f"{file} fits the units only by running numbers ({first_examples(columns)}),"
        " which may count in another order",
        "a column of names or codes that the panel has too",
        f"add it, or say that these are the units' numbers with --match {columns[0]}",
    )


def _agreed(
    named: list[_Candidate], frame: pd.DataFrame, file: str, own: set[str]
) -> _Candidate:
    """Return the best column, unless another that fits as well names other units."""
    best = named[0]
    fit = [one for one in named if one.score >= FIT * best.score]
    if best.column.casefold() in own:
        return best
    friends = {
        one.column: [other for other in fit if not _conflict(one, other).any()]
        for one in fit
    }
    # Where two disagree, columns that agree with one of them decide, if names are among
    # them.
    best = max(fit, key=lambda one: len(friends[one.column]))
    own_friends = friends[best.column]
    for rival in fit:
        if rival in own_friends:
            continue
        outvoted = len(friends[rival.column]) < len(own_friends)
        if not outvoted or all(one.numbers for one in own_friends):
            row = _conflict(best, rival).idxmax()
            raise _disagreement(best, rival, frame, row, file)
    return best


def _both(one: _Candidate, other: _Candidate) -> pd.Series:
    return one.ids.notna() & other.ids.notna()


def _conflict(one: _Candidate, other: _Candidate) -> pd.Series:
    return _both(one, other) & one.ids.ne(other.ids)


def _filled(best: _Candidate, candidates: list[_Candidate]) -> pd.Series:
    """Take a row that the best column leaves blank from columns that agree with it."""
    ids = best.ids.copy()
    for other in candidates:
        if other is best or other.running or other.numbers:
            continue
        common = _both(best, other)
        if common.sum() < 3 or _conflict(best, other).any():
            continue
        more = other.ids[ids.isna() & ~other.ids.isin(ids.dropna())].dropna()
        more = more[~more.duplicated(keep=False)]
        ids[more.index] = more
    return ids


def _disagreement(
    one: _Candidate, other: _Candidate, frame: pd.DataFrame, row: Any, file: str
) -> IngestError:
    count = int(_conflict(one, other).sum())
    rows = "1 row" if count == 1 else f"{count} rows"
    first = frame.loc[row, one.column]
    second = frame.loc[row, other.column]
    return IngestError(
        f"{file}: columns {one.column} and {other.column} both fit and name different"
        f" units in {rows} ({one.column} {first} is {one.ids[row]}, {other.column}"
        f" {second} is {other.ids[row]})",
        "columns that agree",
        f"say which one holds with --match {one.column} or --match {other.column}",
    )


def _nothing_fits(
    frame: pd.DataFrame, units: pd.DataFrame, file: str, column: str
) -> IngestError:
    shown = [units["unit"].iloc[0]]
    if units["name"].iloc[0] != shown[0]:
        shown.append(units["name"].iloc[0])
    texts = [
        name
        for name in frame.columns
        if not frame[name].str.lower().isin(MISSING).all()
    ]
    named = column or first_examples(texts, 6)
    return IngestError(
        f"no column of {file} names the units of the panel ({named})",
        f"ids or names such as {' or '.join(shown)}",
        "add a column with these ids or names",
    )


def with_other_names(units: pd.DataFrame, same: Iterable[str]) -> pd.DataFrame:
    """Return units with what another file calls them, in columns of their own; ``same``
    has entries such as ``Slovak Republic=Slovakia``, of which one side is a unit.
    """
    keys = [name for name in ("unit", "name", "name_zh") if name in units]
    own = dict[str, int]()
    for key in reversed(keys):
        own |= {_folded(text): i for i, text in enumerate(units[key].astype(str))}
    columns = list[list[str]]()
    for entry in same:
        left, mark, right = (part.strip() for part in entry.partition("="))
        sides = [(left, right), (right, left)]
        found = [(own[_folded(a)], b) for a, b in sides if _folded(a) in own]
        if not (left and mark and right and found):
            raise IngestError(
                f"--same {entry} names no unit of the panel",
                "OTHER NAME=UNIT, as 'Slovak Republic=Slovakia'",
                nearest(right or left, list(units["name"]), "correct it"),
            )
        row, other = found[-1] if len(found) == 1 else found[1]
        free = next(
            (texts for texts in columns if texts[row] == units["name"].iloc[row]), None
        )
        if free is None:
            free = list(units["name"].astype(str))
            columns.append(free)
        free[row] = other
    more = {f"other name {i}": texts for i, texts in enumerate(columns, 1)}
    return units.assign(**more)


def same_flag(units: Sequence[str], others: Sequence[str]) -> str:
    """Return the flag that says which unit another file means by a name, filled in where
    two look alike.
    """
    for unit in units:
        near = near_names(unit, others, most=1)
        if near:
            return f"--same {quote(f'{near[0]}={unit}')}"
    return "--same 'NAME THERE=UNIT'"


def former_states(names: Iterable[str]) -> list[str]:
    """Return those that are states of the past, such as Yugoslavia, which a map of today
    does not have.
    """
    return [name for name in names if WORDS.former_state.fullmatch(name.strip())]


def named_units(ids: Iterable[str], units: pd.DataFrame) -> list[str]:
    """Return what units are called, for messages: with the id where two have one name."""
    names: Mapping[str, str] = dict(units[["unit", "name"]].to_numpy())
    shared = set(units.loc[units["name"].duplicated(), "name"])
    return [
        f"{names[unit]} ({unit})"
        if names.get(unit) in shared
        else names.get(unit, unit)
        for unit in ids
    ]
