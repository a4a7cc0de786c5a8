"""Tables as Typst modules, which the paper imports: title, note, and the table, in
parts under the same row headings where it is wider than a page.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap

from evenfield.shared.tables.table import Line, Table, grid, shortened
from evenfield.study.latin import in_latin

SPECIAL = re.compile(r"([\\#$*_`<>@\[\]~/=+-])")
LONG_CELL = 20  # characters that a column has at least before its cells break
BETWEEN = 1.5  # characters that the blanks around a column are wide
PAGE = 136.0  # characters of the widest row, in 8 points on a page of A4
HEAD_LINES = 2  # of a heading
LONG_TABLE = 40  # lines that stand whole at the top or the foot of a page


def typst_text(text: str) -> str:
    """Escape text for Typst markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def typst_string(text: str) -> str:
    """Write text as a Typst string literal."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{flat}"'


def table_typst(table: Table) -> str:
    """Write a table as a Typst module: whole, and as ``short_title`` to
    ``short_bodies`` in the form of the paper.
    """
    # Before widths are taken, since Latin names are longer.
    table = replace(table.worded(in_latin), title=in_latin(table.title))
    printed = [column for column in table.columns if column.paper]
    whole = replace(table, columns=tuple(printed))
    flag = f"#let shortened = {str(table.short is not None).lower()}\n"
    return flag + _module(whole, "") + _module(shortened(table), "short_")


def _module(table: Table, prefix: str) -> str:
    body = grid(table)
    longest = longest_cells(table, body.lines)
    parts = page_parts(longest)
    bodies = [_part(table, body.lines, longest, part) for part in parts]
    lines = [
        f"title = {typst_string(table.title)}",
        f"note = {typst_string(' '.join(body.note))}",
        f"long = {str(len(body.lines) > LONG_TABLE).lower()}",
        f"bodies = (\n{''.join(bodies)})",
    ]
    return "".join(f"#let {prefix}{line}\n" for line in lines)


def longest_cells(table: Table, lines: Sequence[Line]) -> list[int]:
    """Return the characters of the longest cell of each column; of a heading, which
    breaks between its words, the longest of its lines counts.
    """
    texts = [[cell.text for cell in line.cells] for line in lines if line.cells]
    longest = []
    for column, cells in zip(table.columns, zip(*texts, strict=True), strict=True):
        width = max(map(len, cells))
        heading = head_lines(column.header, width)
        longest.append(max([width, *map(len, heading)]))
    return longest


def page_parts(longest: Sequence[int]) -> list[list[int]]:
    """Return the columns of each part of a table: the row headings and what fits beside
    them, in parts of about the same width.
    """
    headings, *others = [min(count, LONG_CELL) + BETWEEN for count in longest]
    number = math.ceil(sum(others) / (PAGE - headings))
    parts = [[0]]
    width = 0.0
    for column, added in enumerate(others, start=1):
        if width + added / 2 > sum(others) / number and len(parts) < number:
            parts.append([0])
            width = 0.0
        parts[-1].append(column)
        width += added
    return parts


def _part(
    table: Table, lines: Sequence[Line], longest: Sequence[int], part: Sequence[int]
) -> str:
    columns = [table.columns[i] for i in part]
    heads = [_head(table.columns[i].header, longest[i]) for i in part]
    rows = [
        "table(",
        f"  columns: ({', '.join(_width(longest[i]) for i in part)},),",
        f"  align: (x, y) => ({', '.join(column.align for column in columns)},).at(x)"
        " + if y == 0 { bottom } else { top },",
        "  stroke: none,",
        "  table.hline(stroke: 0.8pt),",
        f"  table.header({', '.join(heads)}),",
        "  table.hline(stroke: 0.4pt),",
        *(f"  {_row(line, part)}" for line in lines),
        "  table.hline(stroke: 0.8pt),",
        "),",
    ]
    return "".join(f"  {row}\n" for row in rows)


def head_lines(header: str, longest: int) -> list[str]:
    """Break a heading into at most two lines that are as short as the cells beneath it
    let them be; a column of long cells has room for it.
    """
    width = max(1, longest) if longest <= LONG_CELL else len(header) + 1
    while len(lines := wrap(header, width, break_long_words=False)) > HEAD_LINES:
        width += 1
    return lines


def _head(header: str, longest: int) -> str:
    lines = head_lines(header, longest)
    return f"[#{{{' + linebreak() + '.join(map(typst_string, lines)) or '[]'}}}]"


def _width(longest: int) -> str:
    if longest <= LONG_CELL:
        return "auto"
    return f"{max(1, min(longest, 90) // 30)}fr"


def _row(line: Line, part: Sequence[int]) -> str:
    if not line.cells:
        # A heading of the second level stays with its rows and is said again where they
        # go on.
        cell = f"table.cell(colspan: {len(part)}, inset: (top: 6pt),"
        return f"table.header(level: 2, {cell} strong({typst_string(line.group)}))),"
    return " ".join(f"{typst_string(line.cells[i].text)}," for i in part)
