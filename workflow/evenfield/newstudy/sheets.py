"""Which sheet of a workbook is the table: the one that the user names, the one that a
sheet of contents calls income per head, several with the same columns below each other,
else the fullest.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evenfield.newstudy.calendars import without_eras
from evenfield.newstudy.cells import cell_text, plain_digits
from evenfield.newstudy.headers import AnyTable, headed, outer_of
from evenfield.newstudy.income_column import sureness
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, first_examples

if TYPE_CHECKING:
    from evenfield.newstudy.workbooks import Workbook

SHEET = "sheet"  # column of the sheets' names, where several are read together
ZIPPED = (".xlsx", ".xlsm")
# A sheet of fewer cells is read as a whole where another one has many.
FEW_CELLS = 50_000
OPENING = 200  # rows that tell the header of a larger one
MOST_IN_CONTENTS = 5_000  # cells
NUMBERED = re.compile(r"[^\W\d]+[ _.-]?\d+")  # Tabela3
BETWEEN_WORDS = r"\s[-–—]\s|[:,;]\s*"
INCOME = 2  # sureness of what is income per head
NAME_AND_TEXT = re.compile(r"(.+?)\s*[:.–—-]\s*(\S.*)")  # Table 7: GDP per head


@dataclass(eq=False)
class OldWorkbook:
    """A workbook of another form (.xls, .ods), which pandas reads as a whole."""

    file: Path
    note: Callable[[str], None]
    _cells: dict[str, list[list[str]]] = field(init=False)

    def __post_init__(self) -> None:
        """Read all sheets."""
        frames = pd.read_excel(
            self.file,
            sheet_name=None,
            header=None,
            dtype=object,
            keep_default_na=False,
            na_values=[""],
        )
        self._cells = {
            str(name): [list(map(_raw, row)) for row in frame.to_numpy().tolist()]
            for name, frame in frames.items()
        }

    def close(self) -> None:
        """Nothing is open."""

    @cached_property
    def held(self) -> dict[str, int]:
        """How many cells of each sheet hold something."""
        return {
            name: sum(len(row) - row.count("") for row in rows)
            for name, rows in self._cells.items()
        }

    def rows(self, name: str) -> list[list[str]]:
        """Return the rows of a sheet."""
        return self._cells[name]

    def opening(self, name: str, count: int) -> list[list[str]]:
        """Return the first rows of a sheet."""
        return self._cells[name][:count]


def _raw(value: object) -> str:
    return value if isinstance(value, str) else cell_text(value)


def open_workbook(file: Path, note: Callable[[str], None]) -> Workbook | OldWorkbook:
    """Open a workbook by the ending of its file's name."""
    if file.suffix.lower() in ZIPPED:
        # Its library takes a tenth of a second, which other tables do without.
        from evenfield.newstudy.workbooks import Workbook

        return Workbook(file, note)
    if file.read_bytes()[:1] == b"<":
        raise IngestError(
            f"{file.name} is a web page under the ending of a workbook",
            "a workbook, or CSV",
            "open it in a spreadsheet and save it as .xlsx",
        )
    return OldWorkbook(file, note)


def read_workbook(file: Path, sheet: str, note: Callable[[str], None]) -> AnyTable:
    """Read the table of a workbook; blank ``sheet``: none is named."""
    with contextlib.closing(open_workbook(file, note)) as book:
        names = list(book.held)
        if sheet and sheet not in names:
            fault = f"no sheet {sheet} in {file.name}"
            listed = first_examples(names, 12)
            raise IngestError(fault, f"one of {listed}", "correct it")
        if sheet:
            table = _table_of(book, sheet)
            table.messages.insert(0, f"the sheet {sheet} was read (--sheet)")
            return table
        called = _called_income(book)
        if called:
            chosen, text = called
            table = _table_of(book, chosen)
            table.messages.insert(
                0,
                f"the sheet {chosen} was read, of {len(names)} the one that is called"
                f" {text} (--sheet)",
            )
            return replace(table, above=[*table.above, text])
        return _fullest(book)


def _fullest(book: Workbook | OldWorkbook) -> AnyTable:
    """Return the fullest sheet; with all others that have the same columns below it."""
    fullest = max(book.held, key=book.held.__getitem__)
    table = _table_of(book, fullest)
    columns = list(table.frame.columns)
    alike = dict[str, AnyTable]()
    for name in book.held:
        with contextlib.suppress(IngestError):  # another sheet may be no table
            if name == fullest:
                alike[name] = table
            elif _may_have(book, name, columns):
                other = _table_of(book, name)
                if list(other.frame.columns) == columns:
                    alike[name] = other
    if len(alike) > 1 and SHEET not in table.frame:
        return _below_each_other(alike, table)
    if len(book.held) > 1:
        others = f"the fullest of {len(book.held)} (--sheet)"
        table.messages.insert(0, f"the sheet {fullest} was read, {others}")
    return table


def _below_each_other(alike: Mapping[str, AnyTable], table: AnyTable) -> AnyTable:
    """Return sheets with the same columns as one table."""
    called = _called_by_titles(alike)
    frames = [one.frame.assign(**{SHEET: called[name]}) for name, one in alike.items()]
    message = (
        f"sheets {first_examples(list(alike), 6)} have the same columns: read below"
        f" each other, distinguished by column {SHEET} (--sheet reads one)"
    )
    frame = pd.concat(frames, ignore_index=True)
    return replace(table, frame=frame, messages=[message, *table.messages])


def _called_by_titles(alike: Mapping[str, AnyTable]) -> dict[str, str]:
    """Return what sheets are called: by their names, or where these are numbers and codes
    by the words in which their titles differ.
    """
    names = {name: name for name in alike}
    if not all(
        WORDS.code.fullmatch(name) or NUMBERED.fullmatch(name) for name in names
    ):
        return names
    parts = {
        name: re.split(BETWEEN_WORDS, " - ".join(one.above))
        for name, one in alike.items()
    }
    if len({*map(len, parts.values())}) > 1:
        return names
    for place in range(len(next(iter(parts.values())))):
        words = {name: title[place].strip() for name, title in parts.items()}
        alone = all(re.fullmatch(r"[^\W\d][^\d]+", word) for word in words.values())
        if alone and len({*words.values()}) == len(words):
            return words
    return names


def _may_have(book: Workbook | OldWorkbook, name: str, columns: list[str]) -> bool:
    """Say whether a sheet may have these columns, by its first rows where it is large."""
    if book.held[name] <= FEW_CELLS:
        return True
    opening = headed(_plain_rows(book.opening(name, OPENING), []), [])
    return list(opening.frame.columns) == columns


def _table_of(book: Workbook | OldWorkbook, name: str) -> AnyTable:
    """Return a sheet as a table."""
    rows = book.rows(name)
    messages = list[str]()
    table = headed(_plain_rows(rows, messages), messages[:1])
    # Codes may stand before the names.
    for column in () if table.names_above else (0, 1):
        cells = [row[column] for row in rows if len(row) > column and row[column]]
        table.outer |= outer_of(cells)
    return table


def _plain_rows(rows: list[list[str]], messages: list[str]) -> list[list[str]]:
    """Return rows of one length, without blanks around texts, in digits from 0 to 9 and
    Gregorian years.
    """
    width = max(map(len, rows), default=0)
    return [
        [*(_plain(text, messages) for text in row), *[""] * (width - len(row))]
        for row in rows
    ]


def _plain(text: str, messages: list[str]) -> str:
    bare = text.strip() if text.isprintable() else cell_text(text)
    return bare if bare.isascii() else without_eras(plain_digits(bare), messages)


def _called_income(book: Workbook | OldWorkbook) -> tuple[str, str] | None:
    """Return the sheet that a sheet of contents calls income per head, and in which
    words; nothing where none does so.
    """
    said = dict[str, str]()
    for name, count in book.held.items():
        if 1 < count <= MOST_IN_CONTENTS:
            said |= _said_of_sheets(book.rows(name), set(book.held) - {name})
    levels = {
        name: text
        for name, text in said.items()
        if sureness(text) == INCOME
        and WORDS.per_head.search(text)
        and not WORDS.no_level.search(text)
    }
    if len(said) < 2 or not levels:
        return None
    # ASSUME: of several the one at constant prices, else the first.
    chosen = max(
        levels, key=lambda name: bool(WORDS.constant_prices.search(levels[name]))
    )
    return chosen, levels[chosen]


def _said_of_sheets(rows: list[list[str]], names: set[str]) -> dict[str, str]:
    """Return what a sheet says of others, words beside or behind the name of each;
    nothing if it says several things of one, as rows of figures do.
    """
    by_name = {name.strip().casefold(): name for name in names}
    said = dict[str, str]()
    for row in rows:
        cells = [cell.strip() for cell in row if cell.strip()]
        for place, cell in enumerate(cells):
            found = NAME_AND_TEXT.fullmatch(cell)
            parted = found and found[1].casefold() in by_name
            called, words = found.groups() if found and parted else (cell, "")
            name = by_name.get(called.casefold(), "")
            text = " ".join(filter(None, [words, *cells[place + 1 :]]))
            if not name or not text:
                continue
            if said.setdefault(name, text) != text:
                return {}
            break
    return said
