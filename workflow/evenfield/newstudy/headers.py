"""Where the header of a table stands: below title lines, in one row or in several; what
stands below the table.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import pandas as pd

from evenfield.newstudy.cells import numbers_of
from evenfield.newstudy.dates import dates_of
from evenfield.newstudy.income_column import sureness
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import IngestError, counted, first_examples

MOST_HEADER_ROWS = 3
MOST_ROWS_ABOUT = 15
FEWEST_COLUMNS = 3  # of a table in which a lone name in a row is a heading
# Share of the usual number of filled cells that a header has: it may lack some names.
FULL = 0.66
FEWEST_NAMES = 3  # of units that stand above their rows
SAME_BELOW = 0.75  # share of these names below which a measure stands
# Between names of a header of several rows, of a table with a row a date.
LEVELS = " | "
SERIES = "series"  # column of the titles, where several tables stand below each other
ALIKE = 0.5  # share of the names of one that another has
LOOKED_AT = 4  # rows, the first full one among them, by which figures are known


@dataclass
class AnyTable:
    """A table as text with what its file says of it."""

    frame: pd.DataFrame  # every cell as text, blank where nothing stands
    messages: list[str] = field(default_factory=list)  # what was guessed in reading it
    labels: dict[str, str] = field(
        default_factory=dict
    )  # labels of columns, as Stata and SPSS have them
    above: list[str] = field(default_factory=list)  # lines above the header
    below: list[str] = field(default_factory=list)  # notes below the table
    # names below which others stand indented: totals of these
    outer: frozenset[str] = frozenset()
    names_above: bool = False  # whether names of units stood above their rows


def headed(rows: list[list[str]], messages: list[str]) -> AnyTable:
    """Find the header below any title lines and drop notes below the table; several tables
    with one header become one.
    """
    line_of = [line for line, row in enumerate(rows, start=1) if any(row)]
    rows = list(filter(any, rows))
    if len(rows) < 2:
        return AnyTable(pd.DataFrame())
    start = _first_full_row(rows)
    blocks = _stacked(rows, start)
    if blocks:
        return _of_blocks(blocks, messages)
    return _headed(rows, start, line_of, messages)


def _first_full_row(rows: list[list[str]]) -> int:
    """Return the first row with nearly as many filled cells as most."""
    filled = [len(row) - row.count("") for row in rows]
    # Filled cells of most rows, past the first quarter, in which titles may stand.
    usual = Counter(filled[len(filled) // 4 :]).most_common(1)[0][0]
    full = (i for i, count in enumerate(filled) if count >= max(2, FULL * usual))
    return next(full, 0)


def _headed(
    rows: list[list[str]], start: int, line_of: list[int], messages: list[str]
) -> AnyTable:
    """Return the one table of these rows, whose first full row is ``start``; ``line_of``
    has their lines in the file.
    """
    without_header = _holds_figures(rows[start : start + LOOKED_AT])
    about = _rows_about_columns(rows[start + 1 :])
    first, last, header = _header(rows, start)
    if about:
        first, last, header = start, start, list(rows[start])
    elif without_header:
        first, last, header = _header_above(rows, start)
        messages.append(
            "the first full row holds figures, so names of columns are those above it,"
            f" or given: {first_examples(header, 6)}"
        )
    width = max(i for i, cell in enumerate(header, start=1) if cell)
    end = next(
        (i for i, row in enumerate(rows) if i > last and WORDS.note.match(row[0])),
        len(rows),
    )
    body = [
        row if len(row) == width else (row + [""] * width)[:width]
        for row in rows[last + 1 : end]
    ]
    body, repeated = _without_headers(body, rows[first : last + 1], messages)
    long = [
        i
        for i, row in enumerate(rows[last + 1 : end], start=last + 1)
        if len(row) > width and any(row[width:])
    ]
    if long:
        raise IngestError(
            f"line {line_of[long[0]]} has more cells than the header",
            f"{width} cells in each row",
            "correct it",
        )
    if body and _are_years_again(body[0], header):
        body.pop(0)
    labels = dict[str, str]()
    if about:
        measures = [row for row in about if WORDS.measure_column.fullmatch(row[0])]
        labels = {
            name: cell
            for row in measures[:1]
            for name, cell in zip(header[1:], row[1:], strict=False)
        }
        messages.append(
            f"{counted(len(about), 'row')} about the columns below the header left out:"
            f" {first_examples([row[0] for row in about], 6)}"
        )
        body = body[len(about) :]
    elif len(body) > 2 and (
        _is_units_row(body[0], body[1]) or _is_label_row(body[0], body[1:6])
    ):
        about = [body.pop(0)]
        labels = {
            name: cell for name, cell in zip(header, about[0], strict=False) if cell
        }
        first_word = next(cell for cell in about[0] if cell)
        messages.append(
            "the row of words below the header is taken for labels: it begins with"
            f" {first_word}"
        )
    below = _take_notes(body, width)
    dropped = len(rows) - last - 1 - len(body) - len(about) - repeated
    units = _with_names_above(body, header[:width], messages)
    body = units[1] if units else _without_headings(body, width, messages)
    if last > first and _is_transposed(body):
        header = _joined(rows[first : last + 1], LEVELS)
    if last > first and not without_header:
        messages.append(
            f"the header has {last - first + 1} rows; joined, for example"
            f" '{header[width - 1]}'"
        )
    if first and last >= start:
        messages.append(
            f"the header is the row that begins with {header[0] or header[1]};"
            f" {counted(first, 'row')} above it left out"
        )
    if dropped:
        messages.append(f"{counted(dropped, 'note')} below the table left out")
    above = [",".join(row).rstrip(",") for row in rows[:first]]
    header[0] = header[0] or _name_of_first([row[0] for row in body], header)
    return AnyTable(
        pd.DataFrame(body, columns=units[0] if units else header[:width], dtype=str),
        messages,
        labels,
        above=above,
        below=below,
        names_above=bool(units),
    )


def _stacked(rows: list[list[str]], start: int) -> dict[str, list[list[str]]]:
    """Return the tables of a sheet that stand below each other by their titles, each with
    the header; nothing unless each has a title of its own and the units of the first.
    """
    first, last, _ = _header(rows, start)
    size = last - first + 1
    head = [_without_end(row) for row in rows[first : last + 1]]
    starts = [
        place
        for place, row in enumerate(rows)
        if row[0] == rows[first][0]
        and [_without_end(row) for row in rows[place : place + size]] == head
    ]
    if len(starts) < 2:
        return {}
    blocks = dict[str, list[list[str]]]()
    end = 0
    for begin, next_begin in pairwise([*starts, len(rows)]):
        above = itertools.takewhile(_is_title, reversed(rows[end:begin]))
        title = " ".join("".join(row) for row in reversed(list(above)))
        body = itertools.takewhile(
            lambda row: not WORDS.note.match(row[0]), rows[begin + size : next_begin]
        )
        held = [row for row in body if not _is_alone(row)]
        if held:
            blocks.setdefault(title, rows[begin : begin + size] + held)
            end = begin + size + len(held)
    names = [{row[0] for row in block[size:]} for block in blocks.values()]
    alike = all(len(one & names[0]) >= ALIKE * len(one) for one in names)
    return blocks if len(blocks) > 1 and all(blocks) and alike else {}


def _of_blocks(blocks: Mapping[str, list[list[str]]], messages: list[str]) -> AnyTable:
    """Return tables that stood below each other as one, told apart by their titles."""
    tables = {title: headed(block, []) for title, block in blocks.items()}
    messages.append(
        f"{len(blocks)} tables stand below each other, distinguished by column {SERIES}:"
        f" {first_examples(list(blocks))}"
    )
    frames = [one.frame.assign(**{SERIES: title}) for title, one in tables.items()]
    return AnyTable(pd.concat(frames, ignore_index=True).fillna(""), messages)


def _without_end(row: list[str]) -> list[str]:
    return list(itertools.dropwhile(lambda cell: not cell, reversed(row)))


def _is_alone(row: list[str]) -> bool:
    """Say whether a row has one cell, the first, as a title or a note."""
    return bool(row[0]) and not any(row[1:])


def _is_title(row: list[str]) -> bool:
    return _is_alone(row) and not WORDS.note.match(row[0])


def outer_of(cells: Iterable[str]) -> frozenset[str]:
    """Return the names in a column below which others stand indented; none where only a
    few are, as by mistake.
    """
    rows = [(len(cell) - len(cell.lstrip()), cell.strip()) for cell in cells]
    rows = [(indent, name) for indent, name in rows if name]
    names = {name for _, name in rows}
    indented = {name for indent, name in rows if indent}
    outer = {
        name
        for (indent, name), (next_indent, _) in pairwise(rows)
        if next_indent > indent
    }
    few = len(indented) < max(2 * len(outer), len(names) / 3)
    return frozenset() if few else frozenset(outer)


def _take_notes(body: list[list[str]], width: int) -> list[str]:
    """Take the last rows of one cell out of a table, and return them."""
    notes = list[str]()
    while (
        body and sum(bool(cell) for cell in body[-1]) == 1 and width >= FEWEST_COLUMNS
    ):
        notes.insert(0, "".join(body.pop()))
    return notes


def _without_headers(
    body: list[list[str]], header: list[list[str]], messages: list[str]
) -> tuple[list[list[str]], int]:
    """Leave out rows that are those of the header once more, as above each block; count
    them.
    """
    width = len(body[0]) if body else 0
    heads = [(row + [""] * width)[:width] for row in header]
    kept = [row for row in body if row not in heads]
    again = len(body) - len(kept)
    if again:
        messages.append(f"left out, the header again: {counted(again, 'row')}")
    return kept, again


def _is_transposed(body: list[list[str]]) -> bool:
    """Say whether each row is of one date, so that units may stand across."""
    dated = pd.Series([row[0] for row in body], dtype=str)
    return dated.is_unique and dates_of(dated) is not None


def _with_names_above(
    body: list[list[str]], header: list[str], messages: list[str]
) -> tuple[list[str], list[list[str]]] | None:
    """Return header and rows with the names that stand alone above the rows that they are
    of: above blank cells, or above the same measures or years each; nothing if they do
    not.
    """
    alone = [bool(row[0]) and row.count("") == len(row) - 1 for row in body]
    names = [row[0] if lone else "" for row, lone in zip(body, alone, strict=True)]
    count = sum(alone)
    if not body or not alone[0] or count < FEWEST_NAMES or all(alone):
        return None
    rows = [
        [name, *row]
        for name, row, lone in zip(
            accumulate(names, _last_filled), body, alone, strict=True
        )
        if not lone
    ]
    below = [row[1] for row in rows]
    often = len(below) >= SAME_BELOW * count * len({*below})
    if not any(below):
        rows = [[row[0], *row[2:]] for row in rows]
    elif all(below) and often and len({tuple(row[:2]) for row in rows}) == len(rows):
        kind = "date" if dates_of(pd.Series(below, dtype=str)) is not None else "series"
        # A header such as Indicator is that of the measures.
        is_theirs = WORDS.series_column.fullmatch(header[0])
        first = ["unit", header[0]] if is_theirs else [header[0] or "unit", kind]
        header = [*first, *header[1:]]
    else:
        return None
    examples = first_examples(list(filter(None, names)))
    messages.append(f"{count} names stand above the rows that they are of: {examples}")
    return header, rows


def _without_headings(
    body: list[list[str]], width: int, messages: list[str]
) -> list[list[str]]:
    """Leave out rows that have words in the first column and nothing else."""
    if width < FEWEST_COLUMNS:
        return body
    alone = [bool(row[0]) and row.count("") == len(row) - 1 for row in body]
    words = [row[0] for row, whether in zip(body, alone, strict=True) if whether]
    if words and len(words) < len(body) / 2:
        messages.append(
            f"{counted(len(words), 'row')} without figures left out:"
            f" {first_examples(list(dict.fromkeys(words)))}"
        )
        return [row for row, whether in zip(body, alone, strict=True) if not whether]
    return body


def _are_years_again(cells: list[str], header: list[str]) -> bool:
    """Say whether a row below the header has its years once more, as (2006) below those of
    an era.
    """
    pairs = [
        (name, cell.strip("()（） "))
        for name, cell in zip(header, cells, strict=False)
        if cell
    ]
    return len(pairs) > 1 and all(
        _is_year(cell) and name in (cell, f"{cell}年度", f"{cell}年")
        for name, cell in pairs
    )


def _rows_about_columns(body: list[list[str]]) -> list[list[str]]:
    """Return the rows between the header and the first date, which say what each column
    is, as in time series of the bureau of Australia: the first column has words in
    them, and below them dates alone.
    """
    first = [row[0] for row in body]
    count = len(
        list(itertools.takewhile(lambda cell: not re.search(r"\d{4}", cell), first))
    )
    if not 1 <= count <= MOST_ROWS_ABOUT or not all(first[:count]):
        return []
    dated = pd.Series(first[count:], dtype=str)
    if len(dated) < 2 or dates_of(dated) is None or dated.duplicated().any():
        return []
    return body[:count]


def _is_units_row(cells: list[str], below: list[str]) -> bool:
    """Say whether a row below the header says what the columns are measured in: no
    digits, and nothing or a word such as `Unit` in the first column, which the row
    below fills.
    """
    words = not any(re.search(r"\d", cell) for cell in cells)
    about = not cells[0] or WORDS.row_about.fullmatch(cells[0])
    return bool(words and about and below[0] and any(cells[1:]))


def _is_label_row(cells: list[str], below: list[list[str]]) -> bool:
    """Say whether a row says what the columns are: words of its own above each of several
    columns of figures, as of the Census Bureau.
    """
    columns = zip(*below, strict=True)
    labels = [
        cell
        for cell, column in zip(cells, columns, strict=True)
        if numbers_of(pd.Series(column)) is not None
    ]
    # Signs of figures that are withheld, such as (D), are short or stand twice.
    words = all(re.search(r"[^\W\d]{3}", label) for label in labels)
    return len(labels) >= 2 and words and len(set(labels)) == len(labels)


def _holds_figures(rows: list[list[str]]) -> bool:
    """Say whether the first of some rows is one of figures, as the others: a date in the
    same column as theirs, and a number in a column of numbers.
    """
    if len(rows) < 3:
        return False
    columns = [pd.Series(cells, dtype=str) for cells in zip(*rows, strict=False)]
    dated = [dates_of(cells) is not None for cells in columns]
    counts = [numbers_of(cells) is not None for cells in columns]
    first = [cells.iloc[0] for cells in columns]
    # A header has years across, one beside the other.
    across = {cell for cell in first if _is_year(cell)}
    figures = any(
        number and not date for number, date in zip(counts, dated, strict=True)
    )
    return any(dated) and figures and len(across) < 2


def _header_above(rows: list[list[str]], start: int) -> tuple[int, int, list[str]]:
    """Return first and last row of what stands above rows of figures, and the names that
    it gives; columns without one are named after what they hold.
    """
    first = start
    while first > 0 and any(rows[first - 1][1:]) and start - first < MOST_HEADER_ROWS:
        first -= 1
    width = max(map(len, rows[start : start + LOOKED_AT]))
    names = _joined(rows[first:start]) if first < start else []
    names += [""] * (width - len(names))
    body = [row + [""] * (width - len(row)) for row in rows[start : start + LOOKED_AT]]
    for place, cells in enumerate(zip(*body, strict=True)):
        if not names[place]:
            word = _word_for_cells(pd.Series(cells, dtype=str))
            count = sum(name.rstrip(" 0123456789") == word for name in names)
            names[place] = f"{word} {count + 1}" if count else word
    return first, start - 1, names


def _word_for_cells(cells: pd.Series) -> str:
    """Return what a column without a name is called."""
    if dates_of(cells) is not None:
        return "date"
    if numbers_of(cells) is not None:
        return "value"
    return "code" if cells.str.contains(r"\d").all() else "name"


def _header(rows: list[list[str]], start: int) -> tuple[int, int, list[str]]:
    """Return the first and last row of the header and the names that they give.

    One row is enough if it names every column once. Else rows above it, or the one below,
    may complete it, as years above the figures of each year do.
    """
    for first, last in _spans(rows, start):
        names = _joined(rows[first : last + 1])
        named = [name for name in names if name]
        gaps = any(not name for name in names[: len(named)])
        if not gaps and len(set(named)) == len(named):
            return first, last, names
    return start, start, list(rows[start])


def _spans(rows: list[list[str]], start: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row of what may be the header, the likeliest first: the full
    row alone, with rows above it, with the row below it.
    """
    again = _repeating(rows, start)
    if again:
        yield start, start + again
    yield start, start
    for first in range(start - 1, max(start - MOST_HEADER_ROWS, -1), -1):
        # A title stands alone in the first column.
        if not any(rows[first][1:]):
            break
        yield first, start
    if start + 1 == len(rows):
        return
    below = rows[start + 1][1:]
    # A row of years, or one in which no cell begins as a figure does, is no data.
    years = all(_is_year(cell) for cell in below if cell) and any(below)
    if years or not any(map(_begins_as_figure, below)):
        yield start, start + 1


def _begins_as_figure(cell: str) -> bool:
    """Say whether a cell begins as a figure does, and is no name such as 1인당 소득."""
    return bool(re.match(r"[-+$€£]?[\d.,]", cell)) and not sureness(cell)


def _repeating(rows: list[list[str]], start: int) -> int:
    """Return how many rows below repeat the first name of the header, and so belong to
    it, as in exports of the office of Korea: years, then measures.
    """
    first = rows[start][0]
    names = itertools.takewhile(
        lambda row: (
            row[0] == first
            and all(_is_year(cell) or not _begins_as_figure(cell) for cell in row[1:])
        ),
        rows[start + 1 : start + MOST_HEADER_ROWS],
    )
    return len(list(names)) if first else 0


def _joined(rows: list[list[str]], between: str = " ") -> list[str]:
    if len(rows) == 1:
        return list(rows[0])
    width = max(map(len, rows))
    filled = list[list[str]]()
    for row in rows[:-1]:
        cells = row + [""] * (width - len(row))
        # A merged cell stands above all columns up to the next one.
        above = [cells[0], *accumulate(cells[1:], _last_filled)]
        labels = {*above[1:]} - {""}
        # One that stands alone, as in the middle, is above all years.
        if len(labels) == 1:
            for place, cell in enumerate(rows[-1]):
                if place and _is_year(cell):
                    above[place] = next(iter(labels))
        filled.append(above)
    filled.append(rows[-1] + [""] * (width - len(rows[-1])))
    return [_joined_name(parts, between) for parts in zip(*filled, strict=True)]


def _last_filled(before: str, cell: str) -> str:
    return cell or before


def _joined_name(parts: tuple[str, ...], between: str) -> str:
    named = list(dict.fromkeys(part for part in parts if part))
    # A word such as `Year` says nothing beside a year.
    words = [part for part in named if not WORDS.time_column.fullmatch(part)] or named
    years = [part for part in words if _is_year(part)]
    named = [part for part in words if part not in years]
    # What a figure is measured in stands below its name.
    is_unit = years and len(named) == 2 and WORDS.unit_of_measure.search(named[1])
    if is_unit and not sureness(named[1]):
        named[1] = f"({named[1]})"
    return between.join([*named, *years])


def _is_year(text: str) -> bool:
    match = WORDS.year_column.fullmatch(text)
    return bool(match and not match["stem"])


def _name_of_first(cells: list[str], header: list[str]) -> str:
    """Name a first column without a header, unless it numbers the rows."""
    counts = cells in ([str(i + start) for i in range(len(cells))] for start in (0, 1))
    # In a table with a column of dates no unit stands once.
    timed = any(WORDS.time_column.fullmatch(name.strip()) for name in header if name)
    whole = all(re.fullmatch(r"\d+", cell) for cell in cells)
    counts |= timed and whole and len({*cells}) == len(cells)
    if dates_of(pd.Series(cells, dtype=str)) is not None:
        return "" if "date" in header else "date"
    return "" if counts or "unit" in header or not all(cells) else "unit"
