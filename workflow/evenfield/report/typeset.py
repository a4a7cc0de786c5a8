"""Text and tables in Typst: escaping, and columns that fit the page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evenfield.report.grids import Cell, Grid

SPECIAL = re.compile(r"([\\#$*_`<>@\[\]~/=+-])")
LONG_CELL = 26
# Characters of a row that fit on an upright page of A4 by size of type; a wider table stands on its side.
SIZES = ((72, "8.5pt"), (86, "7.6pt"), (146, "6.8pt"))
FLIPPED_SIZES = ((180, "7.2pt"),)
SMALLEST = "6.4pt"


def typst_text(text: str) -> str:
    """Escape text for Typst markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def typst_string(text: str) -> str:
    """Write text as a Typst string literal."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{flat}"'


def typst_table(grid: Grid) -> str:
    """Write a grid as a Typst table with rules above and below."""
    head = grid.head[-1]
    columns = ", ".join(_width(i, grid) for i in range(len(head)))
    align = ", ".join(cell.align for cell in head)
    rows = "\n".join(f"  {_row(row)}" for row in grid.body)
    return (
        f"table(\n  columns: ({columns},),\n  align: ({align},),\n  stroke: none,\n"
        f"  table.hline(stroke: 0.8pt),\n  table.header({_row(head, bold=True)[:-1]}),\n"
        f"  table.hline(stroke: 0.4pt),\n{rows}\n  table.hline(stroke: 0.8pt),\n)"
    )


def typst_size(grid: Grid) -> str:
    """Choose the size of a table's type by the length of its rows."""
    length = row_length(grid)
    sizes = FLIPPED_SIZES if needs_flipped_page(grid) else SIZES
    return next((size for most, size in sizes if length <= most), SMALLEST)


def needs_flipped_page(grid: Grid) -> bool:
    """Say whether a table is too wide for an upright page."""
    return row_length(grid) > SIZES[-1][0]


def row_length(grid: Grid) -> int:
    """Estimate the characters of a table's longest row; long texts are wrapped and count as short ones."""
    return sum(min(_longest(i, grid), LONG_CELL) + 2 for i in range(len(grid.head[-1])))


def plain_grid(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Make a grid of text columns."""
    return Grid(title, [[Cell(text, heading=True) for text in head]], [[Cell(text) for text in row] for row in rows])


def _longest(place: int, grid: Grid) -> int:
    cells = [row[place].text for row in grid.body if len(row) > place and row[place].span == 1]
    words = grid.head[-1][place].text.split()
    return max((len(text) for text in [*cells, *words]), default=0)


def _width(place: int, grid: Grid) -> str:
    longest = _longest(place, grid)
    if longest <= LONG_CELL:
        return "auto"
    return "2fr" if longest > 90 else "1fr"


def _row(row: Sequence[Cell], *, bold: bool = False) -> str:
    return "".join(f"{_cell(cell, bold)}, " for cell in row).rstrip(" ")


def _cell(cell: Cell, bold: bool) -> str:
    text = typst_string(cell.text)
    shown = f"strong({text})" if bold or (cell.heading and cell.span > 1) else text
    return f"table.cell(colspan: {cell.span}, inset: (top: 6pt), {shown})" if cell.span > 1 else shown
