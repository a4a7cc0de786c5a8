"""Read a table of anyone's as text: CSV, Excel, Stata, SPSS, Parquet or the properties
of GeoJSON.
"""

import csv
import io
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import IngestError

MISSING = {
    "",
    "na",
    "n/a",
    "n.a.",
    "nan",
    "null",
    "none",
    ".",
    "..",
    "...",
    "-",
    "–",
    "—",
    "#n/a",
}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
GROUPED = re.compile(r"[+-]?\d{1,3}([, ’'\u00a0\u202f]\d{3})+(\.\d+)?")
COMMA = re.compile(r"[+-]?\d*,\d+")
# Points or blanks between thousands and a decimal comma, as in 1.234,5 or 1.234.567.
_THOUSANDS = "[. ’'\u00a0\u202f]"
POINTED = re.compile(rf"[+-]?\d{{1,3}}({_THOUSANDS}\d{{3}})+(,\d+)?|[+-]?\d+(,\d+)?")
# Cells that read in one way only, as 1.234,5 and 12,5; 1,234 may be a thousand.
SURELY_POINTED = re.compile(
    rf"[+-]?\d{{1,3}}(({_THOUSANDS}\d{{3}})+,\d+|(\.\d{{3}}){{2,}})"
    r"|[+-]?\d*,(\d{1,2}|\d{4,})"
)
CURRENCY = re.compile(r"^([+-]?)\s*(R\$|US\$|[$€£¥￥])\s*|\s*(€|£|¥|元)$")
ANY_NUMBER = (
    r"([+-]?\s*(R\$|US\$|[$€£¥￥])\s*)?("
    + "|".join(
        pattern.pattern
        for pattern in (
            NUMBER,
            GROUPED,
            COMMA,
            POINTED,
        )
    )
    + r")(\s*(€|£|¥|元))?"
)
FORMATS = "CSV or text, Excel (.xlsx), Stata (.dta), SPSS (.sav), Parquet, GeoJSON"
MOST_COLUMNS = 5_000
MOST_CELLS = 50_000_000  # of one sheet, blank ones between and before others too
NOTE = re.compile(
    r"(notes?|sources?|注|注释|数据来源)\s*[:：]", re.IGNORECASE
)  # what begins the lines below a table
PACKAGES = {
    ".parquet": "pyarrow",
    ".sav": "pyreadstat",
    ".zsav": "pyreadstat",
    ".xls": "xlrd",
    ".ods": "odfpy",
}


@dataclass
class AnyTable:
    """A table as text with what its file says of it."""

    frame: pd.DataFrame  # every cell as text, blank where nothing stands
    messages: list[str] = field(default_factory=list)  # what was guessed in reading it
    labels: dict[str, str] = field(
        default_factory=dict
    )  # labels of columns, as Stata and SPSS have them
    above: list[str] = field(default_factory=list)  # lines above the header


def read_any(path: str | Path) -> AnyTable:
    """Read a table by the ending of its file's name; what cannot be read is refused in
    one line.
    """
    file = Path(path)
    readers: dict[str, Callable[[Path], AnyTable]] = {
        ".dta": _read_stata,
        ".parquet": _read_parquet,
    }
    readers |= dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods"), _read_excel)
    readers |= dict.fromkeys((".geojson", ".json"), _read_geojson) | dict.fromkeys(
        (".sav", ".zsav"), _read_spss
    )
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is refused below
            table = readers.get(file.suffix.lower(), _read_text)(file)
    except ImportError:
        need = PACKAGES.get(file.suffix.lower(), "pandas")
        raise IngestError(
            f"{file.name} needs the package {need}",
            "that package in evenfield's environment",
            f"install it (`.venv/bin/python -m pip install {need}`) or save the table"
            " as CSV",
        ) from None
    except IngestError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise IngestError(
            f"{file.name} cannot be read ({reason})",
            FORMATS,
            "save it again, or as CSV",
        ) from None
    count = len(table.frame.columns)
    if count > MOST_COLUMNS:
        raise IngestError(
            f"{file.name} has {count:,} columns",
            f"at most {MOST_COLUMNS:,}",
            "keep those that the study needs",
        )
    table.frame.columns = [
        re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(name)).strip()
        for name in table.frame.columns
    ]
    names = Counter(table.frame.columns)
    twice = [name for name, count in names.items() if count > 1 and name]
    if twice:
        raise IngestError(
            f"{file.name} has the column {twice[0]} twice",
            "each name once",
            "rename one of them",
        )
    if table.frame.empty or not len(table.frame.columns):
        raise IngestError(
            f"{file.name} has no rows",
            "a header and rows below it",
            "give another file",
        )
    # Columns without a header, as row numbers written along, are no part of the table.
    table.frame = table.frame.loc[:, [bool(name) for name in table.frame.columns]]
    return table


def numbers_of(column: pd.Series) -> pd.Series | None:
    """Return a column of text as numbers, blank where missing; nothing if any cell is
    no number.
    """
    text = column.astype(str).str.strip()
    blank = text.str.lower().isin(MISSING)
    held = text[~blank]
    if held.empty:
        return None
    held = held.str.replace(
        CURRENCY,
        lambda mark: mark[1] or "",
        regex=True,
    )
    grouped = held.str.fullmatch(GROUPED.pattern)
    pointed = held.str.fullmatch(POINTED.pattern)
    # One cell that is surely of this form decides for the whole column.
    if held.str.fullmatch(SURELY_POINTED.pattern).any() and pointed.all():
        held = held.str.replace(_THOUSANDS, "", regex=True)
        held = held.str.replace(",", ".", regex=False)
    elif grouped.any() and (grouped | held.str.fullmatch(NUMBER.pattern)).all():
        held = held.str.replace(r"[, ’'\u00a0\u202f]", "", regex=True)
    elif (
        held.str.fullmatch(COMMA.pattern).any()
        and not held.str.contains(".", regex=False).any()
    ):
        held = held.str.replace(",", ".", regex=False)
    if not held.str.fullmatch(NUMBER.pattern).all():
        return None
    return pd.to_numeric(held).astype(float).reindex(column.index)


def number_text(value: float) -> str:
    """Print a number with the digits it has."""
    return "" if pd.isna(value) else f"{value:.15g}"


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {name: [cell_text(value) for value in frame[name]] for name in frame.columns}
    )


def cell_text(value: Any) -> str:
    """Return a value of a table or of JSON as text; blank where it is missing."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, float):
        return number_text(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return str(value.isoformat())[:10]
    return re.sub(r"[\x00-\x1f\x7f]+", " ", str(value)).strip()


def _headed(rows: list[list[str]], messages: list[str]) -> AnyTable:
    """Find the header below any title lines and drop notes below the table."""
    rows = [row for row in rows if any(cell for cell in row)]
    if len(rows) < 2:
        return AnyTable(pd.DataFrame())
    filled = [sum(bool(cell) for cell in row) for row in rows]
    # Filled cells of most rows, past the first quarter, in which titles may stand.
    usual = Counter(filled[len(filled) // 4 :]).most_common(1)[0][0]
    start = next(
        (i for i, count in enumerate(filled) if count >= max(2, 0.7 * usual)), 0
    )
    header = rows[start]
    width = max(i for i, cell in enumerate(header, start=1) if cell)
    end = next(
        (i for i, row in enumerate(rows) if i > start and NOTE.match(row[0])), len(rows)
    )
    body = [(row + [""] * width)[:width] for row in rows[start + 1 : end]]
    long = [
        i
        for i, row in enumerate(rows[start + 1 : end], start=start + 2)
        if any(row[width:])
    ]
    if long:
        raise IngestError(
            f"line {long[0]} has more cells than the header",
            f"{width} cells in each row",
            "correct it",
        )
    while body and sum(bool(cell) for cell in body[-1]) == 1 and width > 2:
        body.pop()
    dropped = len(rows) - start - 1 - len(body)
    if start:
        messages.append(
            f"the header is the row that begins with {header[0] or header[1]}; {start}"
            " rows above it left out"
        )
    if dropped:
        messages.append(f"{dropped} notes below the table left out")
    above = [",".join(row).rstrip(",") for row in rows[:start]]
    return AnyTable(
        pd.DataFrame(
            body,
            columns=header[:width],
            dtype=str,
        ),
        messages,
        above=above,
    )


def read_cells(path: str | Path) -> list[list[str]]:
    """Read the cells of a text or Excel file as they stand, blank rows left out."""
    file = Path(path)
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    if file.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".ods"}:
        sheet = pd.read_excel(
            file,
            header=None,
            dtype=object,
            keep_default_na=False,
        )
        rows = _as_text(sheet).to_numpy().tolist()
    else:
        rows = _text_rows(file, [])
    return [row for row in rows if any(row)]


def _read_text(file: Path) -> AnyTable:
    messages = list[str]()
    return _headed(_text_rows(file, messages), messages)


def _text_rows(file: Path, messages: list[str]) -> list[list[str]]:
    content = file.read_bytes()
    if b"\x00" in content and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise IngestError(f"{file.name} is no text", FORMATS, "save it in one of these")
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # Chinese letters come as pairs of bytes above 127, letters of European
        # languages mostly alone.
        runs = re.findall(rb"[\x80-\xff]+", content)
        chinese = "地区".encode("gb18030") in content or all(
            len(run) % 2 == 0 for run in runs
        )
        encoding = "gb18030" if chinese else "cp1252"
        text = content.decode(encoding, errors="replace")
        messages.append(f"{file.name} is not UTF-8; read as {encoding}")
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    # What each of the last lines has most often; titles above may have none.
    delimiter = max(
        counts, key=lambda mark: (min(counts[mark][-20:], default=0), sum(counts[mark]))
    )
    if delimiter != ",":
        messages.append(
            f"cells are separated by {'tabs' if delimiter == chr(9) else delimiter}"
        )
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True
    )
    return [[cell_text(cell) for cell in row] for row in rows]


def _check_sheets(file: Path) -> None:
    """Refuse a sheet whose farthest cell spans more cells than any table has."""
    with pd.ExcelFile(file, engine="openpyxl") as book:
        for sheet in book.book.worksheets:
            rows = sheet.max_row or 0
            columns = sheet.max_column or 0
            if rows * columns > MOST_CELLS:
                raise IngestError(
                    f"{file.name}: the sheet {sheet.title} reaches to row {rows:,} and"
                    f" column {columns:,}",
                    f"at most {MOST_CELLS:,} cells",
                    "delete the cells far from the table",
                )


def _read_excel(file: Path) -> AnyTable:
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        _check_sheets(file)
    sheets = pd.read_excel(
        file,
        sheet_name=None,
        header=None,
        dtype=object,
        keep_default_na=False,
        na_values=[""],
    )
    name, sheet = max(sheets.items(), key=lambda item: item[1].notna().to_numpy().sum())
    messages = (
        [f"the sheet {name} was read, the fullest of {len(sheets)}"]
        if len(sheets) > 1
        else []
    )
    return _headed(_as_text(sheet).to_numpy().tolist(), messages)


def _read_stata(file: Path) -> AnyTable:
    with pd.read_stata(file, iterator=True) as reader:
        labels = {name: text for name, text in reader.variable_labels().items() if text}
        return AnyTable(_as_text(pd.read_stata(file).astype(object)), labels=labels)


def _read_spss(file: Path) -> AnyTable:
    frame = pd.read_spss(file)
    labels = {
        name: text
        for name, text in frame.attrs.get("column_names_to_labels", {}).items()
        if text
    }
    return AnyTable(_as_text(frame.astype(object)), labels=labels)


def _read_parquet(file: Path) -> AnyTable:
    return AnyTable(
        _as_text(pd.read_parquet(file).reset_index(drop=True).astype(object))
    )


def _read_geojson(file: Path) -> AnyTable:
    content = json.loads(file.read_text(encoding="utf-8-sig"))
    rows = (
        content
        if isinstance(content, list)
        else [feature.get("properties") or {} for feature in content["features"]]
    )
    return AnyTable(_as_text(pd.DataFrame(rows).astype(object)))
