"""Tables as Word documents: title, table with the three rules of print, note; the same
bytes every time.
"""

import zipfile
from copy import deepcopy
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from evenfield.shared.tables.table import Table, grid
from evenfield.study.files import beside

# Core properties and the archive need a time: a fixed one keeps the bytes the same.

WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - Word writes no zone
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
# Characters of a row that fit on a page of A4 by size of type in points: upright first,
# then sideways.
SIZES = (
    (88, 9.0, False),
    (100, 8.0, False),
    (150, 8.5, True),
    (190, 7.0, True),
    (10_000, 6.0, True),
)
LONG_CELL = 36
MARGIN = Mm(20)
ALIGN = {"left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT}


def write_word(table: Table, path: str | Path) -> None:
    """Write a table as a Word document."""
    body = grid(table)
    texts = [[column.header for column in table.columns]]
    texts += [[cell.text for cell in line.cells] or [line.group] for line in body.lines]
    whole = [row for row in texts[1:] if len(row) == len(table.columns)]
    longest = [
        max(map(len, [*(row[number] for row in whole), *column.header.split()])) + 2
        for number, column in enumerate(table.columns)
    ]
    weights = [min(count, LONG_CELL) for count in longest]
    size, sideways = next(
        (points, flat) for most, points, flat in SIZES if sum(weights) <= most
    )
    document, width = _document(table, size, sideways=sideways)
    word_table = document.add_table(
        len(texts), len(weights), style=document.styles["Normal Table"]
    )
    widths = [width * weight // sum(weights) for weight in weights]
    for column, wide in zip(word_table.columns, widths, strict=True):
        column.width = wide
    shapes: dict[str, Any] = {}  # style and side of a paragraph: made once, then copied
    for number, (row, shown) in enumerate(zip(word_table.rows, texts, strict=True)):
        cells = row.cells
        for cell, wide in zip(cells, widths, strict=True):
            cell.width = wide
        if len(shown) < len(cells):
            cells = [cells[0].merge(cells[-1])]
        for cell, text, column in zip(cells, shown, table.columns, strict=False):
            paragraph = cell.paragraphs[0]
            if column.align not in shapes:
                paragraph.style, paragraph.alignment = (
                    document.styles["Cell"],
                    ALIGN[column.align],
                )
                shapes[column.align] = paragraph._p.pPr
            else:
                paragraph._p.append(deepcopy(shapes[column.align]))
            run = paragraph.add_run(text)
            run.bold, run.italic = (
                number == 0 or None,
                len(shown) < len(weights) or None,
            )
            _rule(
                cell,
                top=8 if number == 0 else 0,
                bottom={0: 4, len(texts) - 1: 8}.get(number, 0),
            )
        for name in ("w:cantSplit", *(["w:tblHeader"] if number == 0 else [])):
            row._tr.get_or_add_trPr().append(OxmlElement(name))
    if body.note:
        document.add_paragraph(" ".join(body.note), style="Note")
    _save(document, path)


def _document(table: Table, size: float, *, sideways: bool) -> tuple[Any, int]:
    """Return a page of A4 with the title on it, and the width of its text."""
    document = Document()
    page = None
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    for name, points in (("Cell", size), ("Note", 8.0)):
        estimates = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        estimates.font.size, shape = Pt(points), estimates.paragraph_format
        shape.space_after, shape.line_spacing = Pt(0), 1.0
    document.styles["Note"].paragraph_format.space_before = Pt(4)
    document.styles["Caption"].font.color.rgb = RGBColor(0, 0, 0)
    for part in (document.part, document.part.package):
        for key in [
            key
            for key, to in part.rels.items()
            if to.reltype.endswith(("WithEffects", "thumbnail"))
        ]:
            del part.rels[key]
    page, wide, high = (
        document.sections[0],
        *((Mm(297), Mm(210)) if sideways else (Mm(210), Mm(297))),
    )
    page.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = wide, high
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN
    properties = document.core_properties
    properties.author, properties.title, properties.subject, properties.comments = (
        "evenfield",
        table.title,
        table.id,
        "",
    )
    properties.created = properties.modified = WRITTEN
    document.add_paragraph(
        f"{table.id}. {table.title}", style="Caption"
    ).paragraph_format.keep_with_next = True
    return document, wide - 2 * MARGIN


def _rule(cell: Any, **eighths: int) -> None:
    """Draw lines above and below a cell, in eighths of a point."""
    borders = OxmlElement("w:tcBorders")
    for side, size in eighths.items():
        if size:
            line = OxmlElement(f"w:{side}")
            line.set(qn("w:val"), "single")
            line.set(qn("w:sz"), str(size))
            borders.append(line)
    if len(borders):
        cell._tc.get_or_add_tcPr().append(borders)


def _save(document: Any, path: str | Path) -> None:
    """Write the parts in order of their names, without the clock."""
    held = BytesIO()
    document.save(held)
    with (
        beside(path) as part,
        zipfile.ZipFile(held) as source,
        zipfile.ZipFile(part, "w") as target,
    ):
        for name in sorted(source.namelist()):
            target.writestr(
                zipfile.ZipInfo(name, ZIP_TIME),
                source.read(name),
                zipfile.ZIP_DEFLATED,
                9,
            )
