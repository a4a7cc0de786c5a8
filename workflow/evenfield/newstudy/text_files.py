"""Texts of cells: in which encoding, what divides the cells, and what commas and points in
figures are.
"""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evenfield.newstudy.calendars import without_eras
from evenfield.newstudy.cells import MISSING, cell_text, plain_digits
from evenfield.newstudy.encodings import encoding_of
from evenfield.newstudy.headers import AnyTable, headed, outer_of
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, first_examples

# Figures that decide what the comma of 5,838 is.
DECIMAL_COMMA = re.compile(r"^[+-]?\d*,(\d{1,2}|\d{4,})$", re.MULTILINE)
DECIMAL_POINT = re.compile(r"^[+-]?\d*\.\d+$", re.MULTILINE)
# A quoted cell, which may hold anything, or a cell that ends in a blank.
UNTIDY = re.compile(r'"|[^\S\r\n][,;|\r\n]|[^\S\r\n]\Z')
INDENTED = re.compile(r"^\"?[^\S\n]", re.MULTILINE)  # a line begins with a blank
# With points between thousands, and with one that must be decimal.
WHOLE_POINTED = r"[+-]?(0|[1-9]\d{0,2}(\.\d{3})*)"
SURELY_DECIMAL = r"[+-]?(\d*\.(\d{1,2}|\d{4,})|0?\.\d+)"
MAYBE_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})?"
MOST_OPENING = 200  # rows that tell how cells are written
MOST_COLUMNS = 5_000
MOST_CELLS = 50_000_000
CHUNK = 1 << 22  # bytes
FIRST_LINES = 50  # which tell what divides the cells
OPENING = 1 << 22  # bytes, in which these lines stand
TOLD_EVERY = 200_000  # rows
PACKED = (b"PK\x03\x04", b"\x1f\x8b")


@dataclass(frozen=True)
class TextFile:
    """A file of text: its encoding if the user names it, who is told how far it is."""

    file: Path
    encoding: str
    note: Callable[[str], None]

    def table(self) -> AnyTable:
        """Return the table that the file holds."""
        messages = list[str]()
        text, delimiter = self._text(messages)
        text = _plain(text, messages)
        table = headed(self._rows(text, delimiter), messages)
        if INDENTED.search(text) and not table.names_above:
            # As they stand: `_rows` takes the blanks before a name away.
            written = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            table.outer = outer_of(row[0] for row in written if row)
        semicolons = delimiter == ";"
        if semicolons:
            table = _without_points(table)
        return _with_decimal_points(table, semicolons=semicolons)

    def rows(self) -> list[list[str]]:
        """Return the cells of the file as they stand."""
        return self._rows(*self._text([]))

    def _text(self, messages: list[str]) -> tuple[str, str]:
        """Return the text and what divides its cells; more than can be read is refused
        as soon as it is counted.
        """
        with self.file.open("rb") as stream:
            opening = stream.read(OPENING)
        self._refuse_packed(opening)
        first = encoding_of(opening, self.encoding, self.file.name)
        if "utf-16" not in first and b"\x00" in opening:
            raise self._no_text()
        delimiter, columns = _delimiter(_decoded(opening, first))
        refuse_wide(self.file, columns)
        content = self._content(delimiter.encode())
        encoding = encoding_of(content, self.encoding, self.file.name)
        if "utf-16" not in encoding and b"\x00" in content:
            raise self._no_text()
        if "utf" not in encoding:
            messages.append(
                f"{self.file.name} is not UTF-8; read as {encoding} (--encoding)"
            )
        if delimiter != ",":
            mark = "tabs" if delimiter == "\t" else delimiter
            messages.append(f"cells are separated by {mark}")
        return self._decoded(content, encoding), delimiter

    def _content(self, delimiter: bytes) -> bytes:
        """Return the bytes of the file, counted while they are read."""
        chunks = list[bytes]()
        size = self.file.stat().st_size
        count = 0
        with self.file.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                chunks.append(chunk)
                count += chunk.count(delimiter) + chunk.count(b"\n")
                if count > MOST_CELLS:
                    whole = len(chunks) * CHUNK
                    raise IngestError(
                        f"{self.file.name} has more than {MOST_CELLS:,} cells, the"
                        f" first {whole / 1e6:,.0f} of its {size / 1e6:,.0f} MB alone",
                        f"at most {MOST_CELLS:,}",
                        "keep the rows and columns that the study needs",
                    )
                if len(chunks) > 1:
                    self.note(
                        f"reading {self.file.name}: {len(chunks) * CHUNK / 1e6:,.0f} of"
                        f" {size / 1e6:,.0f} MB, {count:,} cells"
                    )
        return b"".join(chunks)

    def _decoded(self, content: bytes, encoding: str) -> str:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise IngestError(
                f"{self.file.name} has a letter that is none of {encoding} in line"
                f" {line:,}, and reads as that before it",
                "a text in one encoding",
                "save it as UTF-8, or name its encoding with --encoding",
            ) from None

    def _rows(self, text: str, delimiter: str) -> list[list[str]]:
        rows = list[list[str]]()
        lines = io.StringIO(text, newline="")
        read = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        # Most texts have nothing that would be taken from the ends of cells or replaced.
        bare = text.replace("\n", "").replace("\r", "")
        is_tidy = bare.isprintable() and not UNTIDY.search(text)
        while some := list(itertools.islice(read, TOLD_EVERY)):
            rows += some if is_tidy else map(_tidied, some)
            if len(some) == TOLD_EVERY:
                self.note(f"reading {self.file.name}: row {len(rows):,}")
        return rows

    def _refuse_packed(self, opening: bytes) -> None:
        if opening.startswith(PACKED):
            raise IngestError(
                f"{self.file.name} is packed", "a text of cells", "unpack it first"
            )

    def _no_text(self) -> IngestError:
        return IngestError(
            f"{self.file.name} is no text", "a text of cells", "save it as CSV"
        )


def refuse_wide(file: Path, count: int) -> None:
    """Refuse more columns than a study has."""
    if count > MOST_COLUMNS:
        raise IngestError(
            f"{file.name} has {count:,} columns",
            f"at most {MOST_COLUMNS:,}",
            "keep those that the study needs",
        )


def _tidied(row: list[str]) -> list[str]:
    # Most cells have no letter that `cell_text` would replace.
    is_plain = "".join(row).isprintable()
    return list(map(str.strip if is_plain else cell_text, row))


def _decoded(opening: bytes, encoding: str) -> str:
    """Return the beginning of a text, whose last letter may be cut in two."""
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(opening)


def _delimiter(opening: str) -> tuple[str, int]:
    """Return what divides the cells of a text, by its first lines, and the most columns
    that these have.
    """
    lines = [
        re.sub(r'"[^"]*"', "", line)
        for line in opening.splitlines()[:FIRST_LINES]
        if line.strip()
    ]
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    # What each of the last lines has most often; titles above may have none.
    delimiter = max(
        counts,
        # Tabs in every line part cells, whatever figures such as 1,234,567 hold.
        key=lambda mark: (
            mark == "\t" and min(counts[mark][-20:], default=0) > 0,
            min(counts[mark][-20:], default=0),
            sum(counts[mark]),
        ),
    )
    return delimiter, max(counts[delimiter], default=0) + 1


def _plain(text: str, messages: list[str]) -> str:
    """Write the digits of other alphabets as 0 to 9, and years of eras as Gregorian ones."""
    return text if text.isascii() else without_eras(plain_digits(text), messages)


def _with_decimal_points(table: AnyTable, semicolons: bool) -> AnyTable:
    """Write a point for the comma of figures such as 5,838, which may be thousands, where
    other figures of the table have decimal commas or cells are parted by semicolons.
    """
    frame = table.frame
    opening = frame.iloc[:MOST_OPENING]
    texts = {name: "\n".join(opening[name]) for name in frame.columns}
    surely = any(DECIMAL_COMMA.search(text) for text in texts.values())
    points = any(DECIMAL_POINT.search(text) for text in texts.values())
    # ASSUME: whoever parts cells by semicolons has commas for decimals, without other signs.
    if points or not (surely or semicolons):
        return table
    changed = dict[str, pd.Series]()
    for name, text in texts.items():
        if "," not in text:
            continue
        figures = frame[name][~frame[name].str.lower().isin(MISSING)]
        if figures.str.fullmatch(MAYBE_THOUSANDS).all():
            changed[name] = frame[name].str.replace(",", ".", regex=False)
    if not changed:
        return table
    name = next(iter(changed))
    written = next(text for text in frame[name] if "," in text)
    message = f"commas are decimal: {written} of {name} is {written.replace(',', '.')}"
    messages = [*table.messages, message]
    return replace(table, frame=frame.assign(**changed), messages=messages)


def _without_points(table: AnyTable) -> AnyTable:
    """Take the points out of figures such as 5.838, which part thousands where cells are
    parted by semicolons and no figure has one or two digits behind a point.
    """
    frame = table.frame
    pointed = list[str]()
    for name in frame.columns:
        is_place = WORDS.lat_column.fullmatch(name) or WORDS.lon_column.fullmatch(name)
        if is_place or not frame[name].str.contains(".", regex=False).any():
            continue
        figures = frame[name][~frame[name].str.lower().isin(MISSING)]
        if figures.str.fullmatch(SURELY_DECIMAL).any():
            return table
        if figures.str.fullmatch(WHOLE_POINTED).all():
            pointed.append(name)
    if not pointed:
        return table
    first = pointed[0]
    written = next(text for text in frame[first] if "." in text and text[0].isdigit())
    message = (
        f"points part thousands in {first_examples(pointed)}: {written} of {first} is"
        f" {written.replace('.', '')}"
    )
    changed = {
        name: frame[name].str.replace(r"(?<=[0-9])\.(?=[0-9])", "", regex=True)
        for name in pointed
    }
    messages = [*table.messages, message]
    return replace(table, frame=frame.assign(**changed), messages=messages)
