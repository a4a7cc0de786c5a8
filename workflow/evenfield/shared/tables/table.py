"""A table before it is written: which columns of a frame are shown, how, and the note
beneath.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evenfield.shared.tables.numbers import Formatter, is_missing, text
from evenfield.shared.tables.rows import Row, records
from evenfield.study.errors import ArtifactError

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One printed column."""

    names: tuple[
        str, ...
    ]  # columns of the frame that the formatter takes; the first one is the sort value
    header: str  # heading
    align: str = "left"  # ``left`` or ``right``
    show: Formatter = text  # takes the values of ``names`` and returns text
    # column of the frame that says why a blank cell is blank; printed as a lettered
    # note
    reason: str = ""
    width_cm: float = (
        0.0  # width of a paragraph column in print; 0 for the natural width
    )
    paper: bool = True  # whether the paper prints it


def right(
    header: str,
    *names: str,
    show: Formatter = text,
    reason: str = "",
    paper: bool = True,
) -> Column:
    """Return a column of numbers, aligned at the right."""
    return Column(
        names=names, header=header, align="right", show=show, reason=reason, paper=paper
    )


@dataclass(frozen=True, slots=True)
class Short:
    """What the paper prints of a long table."""

    rows: Callable[[Row], Any]  # whether a row is printed
    columns: tuple[
        str, ...
    ] = ()  # first name of each printed column after the row heading; empty for all
    note: tuple[
        str, ...
    ] = ()  # sentences printed beneath; empty for those of the whole table
    size: float = 0.0  # size of type in points; 0 for what fits the width


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: a sorted frame and how it is shown."""

    id: str  # for example ``T6``
    note: tuple[str, ...]  # sentences printed beneath
    columns: tuple[
        Column, ...
    ]  # printed columns, left to right; the first is the row heading
    # one row per printed row, unrounded published values; written whole to the CSV twin
    frame: pd.DataFrame
    title: str = ""  # one line, from the topic's list of exhibits
    group: str = ""  # column whose changes start a group of rows; empty for none
    short: Short | None = None  # what the paper prints; None for everything

    def worded(self, words: Callable[[str], str]) -> Table:
        """Return the table with every printed text put in the words of a study."""
        columns = tuple(
            replace(
                column,
                header=words(column.header),
                show=lambda *v, show=column.show: words(show(*v)),
            )
            for column in self.columns
        )
        groups = (
            {self.group: self.frame[self.group].map(lambda value: words(text(value)))}
            if self.group
            else {}
        )
        short = self.short and replace(
            self.short, note=tuple(map(words, self.short.note))
        )
        note = tuple(map(words, self.note))
        return replace(
            self,
            columns=columns,
            frame=self.frame.assign(**groups),
            short=short,
            note=note,
        )


def empty_table(name: str, why: str) -> Table:
    """Return a table that says why it has nothing to show."""
    frame = pd.DataFrame({"said": [f"Nothing to show: {why}."]})
    return Table(
        id=name, note=(), columns=(Column(names=("said",), header=""),), frame=frame
    )


def shortened(table: Table) -> Table:
    """Return the form of a table that the paper prints, without the line that names the
    data package.
    """
    columns = [column for column in table.columns if column.paper]
    note = table.note
    frame = table.frame
    if table.short:
        note = table.short.note or note
        wanted = (columns[0].names[0], *table.short.columns)
        columns = [
            column
            for column in columns
            if len(wanted) == 1 or column.names[0] in wanted
        ]
        frame = frame[[bool(table.short.rows(row)) for row in records(frame)]]
    note = tuple(text for text in note if not text.startswith("Data "))
    return replace(table, columns=tuple(columns), frame=frame, note=note)


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell: its text, its sort value, and the reason when it is blank."""

    text: str
    value: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed row: a group heading (``cells`` empty) or cells."""

    group: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text, ready for any writer."""

    lines: tuple[Line, ...]
    note: tuple[str, ...]


def grid(table: Table) -> Grid:
    """Format every cell of a table once, so that all writers print the same text."""
    _check(table)
    reasons: list[str] = []
    lines: list[Line] = []
    for row in records(table.frame):
        group = text(row[table.group]) if table.group else ""
        if table.group and (not lines or lines[-1].group != group):
            lines.append(Line(group))
        lines.append(
            Line(group, tuple(_cell(column, row, reasons) for column in table.columns))
        )
    letters = tuple(f"({LETTERS[i]}) {reason}." for i, reason in enumerate(reasons))
    return Grid(tuple(lines), table.note + letters)


def _cell(column: Column, row: Row, reasons: list[str]) -> Cell:
    shown = column.show(*[row[name] for name in column.names])
    value = None if is_missing(row[column.names[0]]) else row[column.names[0]]
    reason = text(row[column.reason]).strip().rstrip(".") if column.reason else ""
    if shown or not reason:
        return Cell(shown, value)
    if reason not in reasons:
        reasons.append(reason)
    return Cell(f"({LETTERS[reasons.index(reason)]})", value, reason)


def _check(table: Table) -> None:
    wanted = {
        name
        for column in table.columns
        for name in (*column.names, column.reason)
        if name
    }
    missing = sorted(
        (wanted | ({table.group} if table.group else set())) - set(table.frame.columns)
    )
    if missing:
        raise ArtifactError(
            f"table {table.id} lacks {len(missing)} columns ({missing[0]})",
            "every shown column in the frame",
            "run the same command again; if it stays, report it",
        )
    if table.frame.empty:
        raise ArtifactError(
            f"table {table.id} has no rows",
            "at least one row",
            f"remove {table.id} from `tables` in config.yaml or add the data it needs",
        )
