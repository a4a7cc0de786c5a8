"""A table before it is written: which columns of a frame are shown, how, and the note
beneath.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd

from evenfield.shared.tables.numbers import Formatter, is_missing, text
from evenfield.shared.tables.rows import Row, records
from evenfield.study.errors import ArtifactError

ESTIMATE_ID = "estimate_id"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One printed column."""

    # columns of the frame that the formatter takes; the first one is the sort value
    names: tuple[str, ...]
    header: str  # heading
    # ``left``, ``right``, or ``center`` where numbers differ in kind
    align: str = "left"
    show: Formatter = text  # takes the values of ``names`` and returns text
    # column of the frame that says why a blank cell is blank; printed as a lettered
    # note
    reason: str = ""
    width_cm: float = 0.0  # of a paragraph column in print; 0 for the natural width
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
    # first name of each printed column after the row heading; empty for all
    columns: tuple[str, ...] = ()
    # sentences printed beneath; empty for those of the whole table
    note: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: a sorted frame and how it is shown."""

    note: tuple[str, ...]  # sentences printed beneath
    # printed columns, left to right; the first is the row heading
    columns: tuple[Column, ...]
    # one row per printed row, unrounded published values; written whole to the CSV twin
    frame: pd.DataFrame
    id: str = ""  # for example ``T6``; it and the title are the topic's list's
    title: str = ""  # one line
    group: str = ""  # column whose changes start a group of rows; empty for none
    short: Short | None = None  # what the paper prints; None for everything

    @classmethod
    def of(
        cls,
        columns: Iterable[Column],
        rows: Iterable[Row] | pd.DataFrame,
        note: Iterable[str],
        short: Short | None = None,
    ) -> Table:
        """Return a table of rows, which stand in groups where they have a column
        ``group``, or raise that there are none.
        """
        frame = pd.DataFrame(rows)
        if frame.empty:
            raise nothing_to_show("estimates of its specifications")
        return cls(
            columns=tuple(columns),
            frame=frame,
            note=tuple(note),
            group="group" if "group" in frame else "",
            short=short,
        )

    def worded(self, words: Callable[[str], str]) -> Table:
        """Return the table with every printed text put in the words of a study."""
        words = cache(words)  # each writer prints the same texts
        columns = [
            replace(
                column,
                header=words(column.header),
                show=lambda *values, show=column.show: words(show(*values)),
            )
            for column in self.columns
        ]
        frame = self.frame
        if self.group:
            groups = frame[self.group].map(text).map(words)
            frame = frame.assign(**{self.group: groups})
        short = self.short
        if short:
            short = replace(short, note=tuple(map(words, short.note)))
        return replace(
            self,
            columns=tuple(columns),
            frame=frame,
            short=short,
            note=tuple(map(words, self.note)),
        )


def nothing_to_show(what: str) -> ArtifactError:
    """Return the error of a table or figure that a study has nothing for."""
    return ArtifactError(
        f"no {what}",
        "estimates of the specifications in the config",
        "correct the specifications, or remove it from `tables` or `figures`",
    )


def empty_table(why: str) -> Table:
    """Return a table that says why it has nothing to show."""
    row = {"said": f"Nothing to show: {why}."}
    return Table.of([Column(names=("said",), header="")], [row], ())


def shortened(table: Table) -> Table:
    """Return the form of a table that the paper prints, without the line that names the
    data package.
    """
    columns = [column for column in table.columns if column.paper]
    note = table.note
    frame = table.frame
    if table.short:
        note = table.short.note or note
        if table.short.columns:
            wanted = {columns[0].names[0], *table.short.columns}
            columns = [column for column in columns if column.names[0] in wanted]
        frame = frame[[bool(table.short.rows(row)) for row in records(frame)]]
    note = tuple(text for text in note if not text.startswith("Data "))
    return replace(
        table,
        columns=tuple(columns),
        frame=frame,
        note=note,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell: its text, its sort value, the reason when it is blank, and the
    estimate that it prints.
    """

    text: str
    value: Any
    reason: str = ""
    estimate_id: str = ""


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
        cells = [_cell(column, row, reasons) for column in table.columns]
        lines.append(Line(group, tuple(cells)))
    letters = [
        f"({letter}) {reason}."
        for letter, reason in zip(LETTERS, reasons, strict=False)
    ]
    return Grid(tuple(lines), (*table.note, *letters))


def _cell(column: Column, row: Row, reasons: list[str]) -> Cell:
    """Return a printed cell; a new reason of a blank one joins ``reasons``."""
    names = column.names
    values = [row[name] for name in names]
    shown = column.show(*values)
    value = None if is_missing(values[0]) else values[0]
    reason = text(row[column.reason]).strip().rstrip(".") if column.reason else ""
    if shown or not reason:
        # Words beside an estimate are none of its numbers, unless they name it.
        named = column.align != "left" or f"{names[0]}_{ESTIMATE_ID}" in row
        number = bool(shown) and named
        return Cell(
            shown, value, estimate_id=estimate_of(row, names[0]) if number else ""
        )
    if reason not in reasons:
        reasons.append(reason)
    return Cell(f"({LETTERS[reasons.index(reason)]})", value, reason)


def estimate_of(row: Row, name: str) -> str:
    """Return the estimate whose number a column of a table holds, empty where none is
    named; a table names it in a column whose name ends in ``estimate_id``.

    The nearest one counts: that of ``speed_conf_low`` is ``speed_estimate_id``, else
    ``estimate_id``, which holds for a whole row.
    """
    cuts = [cut.start() for cut in re.finditer("[ _]", name)]
    for end in (len(name), *reversed(cuts)):
        for apart in "_ ":
            column = f"{name[:end]}{apart}{ESTIMATE_ID}"
            if column in row:
                return text(row[column])
    return text(row.get(ESTIMATE_ID))


def _check(table: Table) -> None:
    wanted = {table.group}
    for column in table.columns:
        wanted |= {*column.names, column.reason}
    missing = sorted(wanted - {"", *table.frame.columns})
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
