"""What sheets of notes in a workbook say of the scale of its figures."""

from pathlib import Path

import pandas as pd

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
    with pd.ExcelFile(path, engine="openpyxl") as book:
        sheets = [str(name) for name in book.sheet_names]
        named = [name for name in sheets if WORDS.notes_sheet.fullmatch(name)]
        # A sheet alone is the table, whatever it is called.
        named = named[:MOST_SHEETS] if len(named) < len(sheets) else []
        tables = [
            pd.read_excel(book, sheet_name=name, header=None, nrows=MOST_ROWS)
            for name in named
        ]
    lines = [
        cell.strip()
        for table in tables
        for cell in table.iloc[:, :MOST_COLUMNS].to_numpy().ravel()
        if isinstance(cell, str) and len(cell) <= LONGEST_LINE
    ]
    told = list(dict.fromkeys(line for line in lines if _says_scale(line)))
    return told if len(told) == 1 else []


def _says_scale(line: str) -> bool:
    """Say whether a line says in millions or thousands of what figures are."""
    scaled = WORDS.millions.search(line) or WORDS.thousands.search(line)
    return bool(scaled and WORDS.says_scale.fullmatch(line))
