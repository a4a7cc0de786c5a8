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
ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}


def write_word(table: Table, path: str | Path) -> None:
    """Write a table as a Word document."""
    body = grid(table)
    texts = [[column.header for column in table.columns]]
    texts += [[cell.text for cell in line.cells] or [line.group] for line in body.lines]
    whole = [row for row in texts[1:] if len(row) == len(table.columns)]
    weights = []
    for column, column_texts in zip(
        table.columns, zip(*whole, strict=True), strict=True
    ):
        longest = max(map(len, [*column_texts, *column.header.split()]))
        weights.append(min(longest + 2, LONG_CELL))
    size, sideways = next(
        (points, flat) for most, points, flat in SIZES if sum(weights) <= most
    )
    document, width = _document(table, size, sideways=sideways)
    word_table = document.add_table(
        len(texts), len(weights), style=document.styles["Normal Table"]
    )
    widths = [width * weight // sum(weights) for weight in weights]
    for word_column, wide in zip(word_table.columns, widths, strict=True):
        word_column.width = wide
    shapes: dict[str, Any] = {}  # style and side of a paragraph: made once, then copied
    last = len(texts) - 1
    for number, (row, shown) in enumerate(zip(word_table.rows, texts, strict=True)):
        cells = row.cells
        for cell, wide in zip(cells, widths, strict=True):
            cell.width = wide
        is_group = len(shown) < len(cells)
        if is_group:
            cells = [cells[0].merge(cells[-1])]
        for cell, text, column in zip(cells, shown, table.columns, strict=False):
            paragraph = cell.paragraphs[0]
            if column.align not in shapes:
                paragraph.style = document.styles["Cell"]
                paragraph.alignment = ALIGN[column.align]
                shapes[column.align] = paragraph._p.pPr
            else:
                paragraph._p.append(deepcopy(shapes[column.align]))
            run = paragraph.add_run(text)
            # None leaves the run as its style is; False would be written out.
            run.bold = number == 0 or None
            run.italic = is_group or None
            _rule(cell, top=8 * (number == 0), bottom={0: 4, last: 8}.get(number, 0))
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:  # repeated on each page
            properties.append(OxmlElement("w:tblHeader"))
    if body.note:
        document.add_paragraph(" ".join(body.note), style="Note")
    _save(document, path)


def _document(table: Table, size: float, *, sideways: bool) -> tuple[Any, int]:
    """Return a page of A4 with the title on it, and the width of its text."""
    document = Document()
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    for name, points in (("Cell", size), ("Note", 8.0)):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.font.size = Pt(points)
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.line_spacing = 1.0
    document.styles["Note"].paragraph_format.space_before = Pt(4)
    document.styles["Caption"].font.color.rgb = RGBColor(0, 0, 0)
    # The template brings parts that a table does not need.
    for part in (document.part, document.part.package):
        for key, relation in list(part.rels.items()):
            if relation.reltype.endswith(("WithEffects", "thumbnail")):
                del part.rels[key]
    page = document.sections[0]
    width, height = (Mm(297), Mm(210)) if sideways else (Mm(210), Mm(297))
    page.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
    page.page_width = width
    page.page_height = height
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN
    properties = document.core_properties
    properties.author = "evenfield"
    properties.title = table.title
    properties.subject = table.id
    properties.comments = ""
    properties.created = properties.modified = WRITTEN
    caption = document.add_paragraph(f"{table.id}. {table.title}", style="Caption")
    caption.paragraph_format.keep_with_next = True
    return document, width - 2 * MARGIN


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
    saved = BytesIO()
    document.save(saved)
    with (
        beside(path) as part,
        zipfile.ZipFile(saved) as source,
        zipfile.ZipFile(part, "w") as target,
    ):
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            target.writestr(entry, source.read(name), zipfile.ZIP_DEFLATED, 9)
