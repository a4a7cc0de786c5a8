"""Tables as Typst modules, which the paper imports: title, note, size of type, whether
it stands sideways, body.
"""

import re
from dataclasses import replace

from evenfield.shared.tables.table import Line, Table, grid, shortened

SPECIAL = re.compile(r"([\\#$*_`<>@\[\]~/=+-])")
LONG_CELL = 26  # characters of the longest cell that takes the width it needs
# Characters of a row that fit on a page of A4 by size of type: upright first, then
# sideways.
UPRIGHT = (
    (72, 8.5),
    (86, 7.6),
    (146, 6.8),
)
SIDEWAYS = ((180, 7.2), (10_000, 6.4))


def typst_text(text: str) -> str:
    """Escape text for Typst markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def typst_string(text: str) -> str:
    """Write text as a Typst string literal."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{flat}"'


def table_typst(table: Table) -> str:
    """Write a table as a Typst module: whole, and as ``short_title`` to ``short_body``
    in the form of the paper.
    """
    printed = [column for column in table.columns if column.paper]
    whole = replace(table, columns=tuple(printed))
    size = table.short.size if table.short else 0.0
    flag = f"#let shortened = {str(table.short is not None).lower()}\n"
    return (
        flag
        + _module(whole, "")
        + _module(
            shortened(table),
            "short_",
            size,
        )
    )


def _module(
    table: Table,
    prefix: str,
    given: float = 0.0,
) -> str:
    body = grid(table)
    columns = table.columns
    texts = [[cell.text for cell in line.cells] for line in body.lines if line.cells]
    # A heading breaks between its words, a cell counts whole.
    longest = []
    for column, cells in zip(
        columns,
        zip(*texts, strict=True),
        strict=True,
    ):
        longest.append(max(map(len, [*cells, *column.header.split()])))
    length = sum(min(count, LONG_CELL) + 2 for count in longest)
    # The largest type in which the longest row fits.
    size = given or next(size for most, size in (*UPRIGHT, *SIDEWAYS) if length <= most)
    head = ", ".join(f"strong({typst_string(column.header)})" for column in columns)
    lines = [
        f"title = {typst_string(table.title)}",
        f"note = {typst_string(' '.join(body.note))}",
        f"size = {size}pt",
        f"sideways = {str(length > UPRIGHT[-1][0]).lower()}",
        "body = table(",
    ]
    lines = [
        *(f"#let {prefix}{line}" for line in lines),
        f"  columns: ({', '.join(map(_width, longest))},),",
        f"  align: ({', '.join(column.align for column in columns)},),",
        "  stroke: none,",
        "  table.hline(stroke: 0.8pt),",
        f"  table.header({head}),",
        "  table.hline(stroke: 0.4pt),",
        *(f"  {_row(line, len(columns))}" for line in body.lines),
        "  table.hline(stroke: 0.8pt),",
        ")",
    ]
    return "\n".join(lines) + "\n"


def _width(longest: int) -> str:
    if longest <= LONG_CELL:
        return "auto"
    return "2fr" if longest > 90 else "1fr"


def _row(line: Line, wide: int) -> str:
    if not line.cells:
        return (
            f"table.cell(colspan: {wide}, inset: (top: 6pt),"
            f" strong({typst_string(line.group)})),"
        )
    return " ".join(f"{typst_string(cell.text)}," for cell in line.cells)
