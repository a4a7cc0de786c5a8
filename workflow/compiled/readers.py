"""Files as repositories carry them: text in UTF-8 or GB18030, workbooks, tables of R and
Stata.
"""

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from compiled.raw_files import RawFileError


def read_text_table(path: Path, **options: Any) -> pd.DataFrame:
    """Return a CSV file in UTF-8 or, where it is none, GB18030."""
    table: pd.DataFrame
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", **options)
    except UnicodeDecodeError:
        table = pd.read_csv(path, encoding="gb18030", **options)
    return table


def read_r_table(path: Path) -> pd.DataFrame:
    """Return the one table of a file that R saved; the library for it is not among those
    that a run needs.
    """
    try:
        import rdata
    except ImportError:
        raise RawFileError(
            f"{path.name} is a file of R, and the package rdata is not installed",
            "rdata 1.1 or later, which nothing else in this repository needs",
            "install it with `.venv/bin/python -m pip install rdata`",
        ) from None
    (saved,) = rdata.read_rda(path, default_encoding="utf-8").values()
    table: pd.DataFrame = saved.rename(columns=str)
    return table


def read_sheet(path: Path, sheet: str) -> list[list[Any]]:
    """Return the rows of a sheet: the values that a spreadsheet shows, no formulas."""
    book = openpyxl.load_workbook(path, data_only=True)
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def numbers(values: Any) -> np.ndarray:
    """Return numbers without commas between thousands; NaN where a cell holds none."""
    text = pd.Series(values).astype(str).str.replace(",", "").str.strip()
    return pd.to_numeric(text, errors="coerce").to_numpy()


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as the studies keep it: CSV, UTF-8, LF."""
    return table.to_csv(index=False, lineterminator="\n").encode()
