"""Sheets of an Excel workbook as rows of text: as far as they hold something, whatever
they say of how far they reach.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import WorkSheetParser

from evenfield.newstudy.cells import cell_text
from evenfield.study.errors import IngestError

# Of a sheet: a minute to read.
MOST_SHEET_CELLS = 10_000_000
MOST_SHEET_BYTES = 1_000_000_000
MOST_OTHER_BYTES = 200_000_000  # of texts and styles, which are read as a whole
CHUNK = 1 << 20  # bytes
# What ends a cell that holds something: a value, or a text of its own.
ENDS_OF_CELLS = (b"v></", b"is></")
TOLD_EVERY = 10_000  # rows
NUMBER = "n"
ERROR = "e"


@dataclass(eq=False)
class Workbook:
    """An open workbook; ``note`` is told how far its reading is."""

    file: Path
    note: Callable[[str], None]
    _reader: ExcelReader = field(init=False)

    def __post_init__(self) -> None:
        """Open the file, unless a part of it is too large to be read."""
        with zipfile.ZipFile(self.file) as parts:
            self._refuse_large(parts.infolist())
        self._reader = ExcelReader(
            self.file, read_only=True, data_only=True, keep_links=False
        )
        self._reader.read_manifest()
        self._reader.read_strings()
        self._reader.read_workbook()
        apply_stylesheet(self._reader.archive, self._reader.wb)

    def close(self) -> None:
        """Close the file."""
        self._reader.archive.close()

    @cached_property
    def sheets(self) -> dict[str, str]:
        """Names of the sheets, with the part of the file of each."""
        return {
            str(sheet.name): str(relation.target)
            for sheet, relation in self._reader.parser.find_sheets()
            if relation.target in self._reader.valid_files
            and "chartsheet" not in relation.Type
        }

    @cached_property
    def held(self) -> dict[str, int]:
        """How many cells of each sheet hold something, counted without reading them."""
        return {name: self._count(name) for name in self.sheets}

    def rows(self, name: str) -> list[list[str]]:
        """Return the rows of a sheet as text with the blanks around it: each up to its
        last cell that holds something, up to the last row that does.
        """
        self._refuse_full(name)
        rows = list[list[str]]()
        most = 0  # columns
        cell_count = 0
        for number, cells in self._parsed(name):
            row = _texts(cells)
            cell_count += len(cells)
            most = max(most, len(row))
            reaches_far = row and number * most > MOST_SHEET_CELLS
            if reaches_far or cell_count > MOST_SHEET_CELLS:
                raise IngestError(
                    f"{self.file.name}: the sheet {name} reaches to row {number:,} and"
                    f" column {most:,}",
                    f"at most {MOST_SHEET_CELLS:,} cells",
                    "delete the cells far from the table, or save it as CSV",
                )
            if row:
                rows += [[] for _ in range(number - len(rows) - 1)]
                rows.append(row)
            if number % TOLD_EVERY == 0:
                self.note(f"reading {self.file.name}, sheet {name}: row {number:,}")
        return rows

    def opening(self, name: str, count: int) -> list[list[str]]:
        """Return the first rows of a sheet that hold something, as ``rows`` does."""
        found = list[list[str]]()
        for number, cells in self._parsed(name):
            found.append(_texts(cells))
            if len(found) == count or number > MOST_SHEET_CELLS:
                break
        return found

    def _parsed(self, name: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the number of each row that the file has and its cells."""
        book = self._reader.wb
        with self._reader.archive.open(self.sheets[name]) as part:
            parser = WorkSheetParser(
                part,
                self._reader.shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            yield from parser.parse()

    def _count(self, name: str) -> int:
        count = 0
        before = dict.fromkeys(ENDS_OF_CELLS, b"")
        with self._reader.archive.open(self.sheets[name]) as part:
            while chunk := part.read(CHUNK):
                for end in ENDS_OF_CELLS:
                    # One may lie on both sides of the border between two chunks.
                    looked_at = before[end] + chunk
                    count += looked_at.count(end)
                    before[end] = looked_at[1 - len(end) :]
        return count

    def _refuse_full(self, name: str) -> None:
        if self.held[name] > MOST_SHEET_CELLS:
            raise IngestError(
                f"{self.file.name}: the sheet {name} has {self.held[name]:,} cells",
                f"at most {MOST_SHEET_CELLS:,}",
                "keep the rows and columns that the study needs, or save it as CSV",
            )

    def _refuse_large(self, parts: list[zipfile.ZipInfo]) -> None:
        sheets = [part for part in parts if "worksheets/" in part.filename]
        others = [
            part
            for part in parts
            if part not in sheets and part.filename.lower().endswith((".xml", ".rels"))
        ]
        for what, held, most in (
            ("sheets", sheets, MOST_SHEET_BYTES),
            ("texts and styles", others, MOST_OTHER_BYTES),
        ):
            size = sum(part.file_size for part in held)
            if size > most:
                raise IngestError(
                    f"{self.file.name} has {what} of {size / 1e6:,.0f} MB",
                    f"at most {most / 1e6:,.0f}",
                    "save the table alone as CSV",
                )


def _texts(cells: list[dict[str, Any]]) -> list[str]:
    """Return the cells of a row as text, blank ones between them, none behind the last."""
    row = list[str]()
    for cell in cells:
        text = _text(cell["value"], cell["data_type"])
        if text.strip():
            row += [""] * (cell["column"] - len(row) - 1)
            row[cell["column"] - 1 :] = [text]
    return row


def _text(value: object, kind: str) -> str:
    """Return a value as text; of an error, none."""
    if value is None or kind == ERROR:
        return ""
    if kind == NUMBER and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else cell_text(value)
