"""What sheets of notes in a workbook say of the scale of its figures."""

from pathlib import Path

import openpyxl

from evenfield.newstudy.words import WORDS

BOOKS = (".xlsx", ".xlsm")
MOST_ROWS = 60  # of a sheet of notes
MOST_COLUMNS = 8
LONGEST_LINE = 120  # letters of a line that says in what figures are
MOST_SHEETS = 3


def notes_of(path: Path) -> list[str]:
    """Return the line that says in what the figures are, of sheets called Notes, Metadata
    or alike; none where two lines say it, of different tables.
    """
    if path.suffix.lower() not in BOOKS or not path.is_file():
        return []
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception:  # what cannot be read is refused where the table is read
        return []
    try:
        named = [name for name in book.sheetnames if WORDS.notes_sheet.fullmatch(name)]
        # A sheet alone is the table, whatever it is called.
        named = named if len(named) < len(book.sheetnames) else []
        lines = [
            str(cell).strip()
            for name in named[:MOST_SHEETS]
            for row in book[name].iter_rows(
                max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True
            )
            for cell in row
            if isinstance(cell, str) and len(cell) <= LONGEST_LINE
        ]
    finally:
        book.close()
    told = list(dict.fromkeys(line for line in lines if _says_scale(line)))
    return told if len(told) == 1 else []


def _says_scale(line: str) -> bool:
    """Say whether a line says in millions or thousands of what figures are."""
    scaled = WORDS.millions.search(line) or WORDS.thousands.search(line)
    return bool(scaled and WORDS.says_scale.fullmatch(line))
