"""Read a table of anyone's as text: CSV, Excel, Stata, SPSS, SAS, Parquet or the properties
of a map.
"""

import contextlib
import csv
import io
import json
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pandas as pd

from evenfield.newstudy.calendars import without_eras
from evenfield.newstudy.cells import (
    MISSING,
    cell_text,
    in_one_spelling,
    of_texts,
    with_one_spelling,
)
from evenfield.newstudy.features import GEOPANDAS, property_table, read_features
from evenfield.newstudy.headers import AnyTable, headed
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.errors import IngestError, counted, first_examples

FORMATS = "CSV or text, Excel (.xlsx), Stata (.dta), SPSS (.sav), SAS (.sas7bdat, .xpt), Parquet, GeoJSON, a shapefile"
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
SHEET = "sheet"  # column of the sheets' names, where several are read together
# Blanks between Chinese letters.
SPREAD = re.compile("(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])")
# Zeros, each followed by its nine digits, and the marks between digits of Arabic.
ZEROS = "\u0660\u06f0\u0966\u09e6\uff10"
DIGITS = {ord(zero) + digit: str(digit) for zero in ZEROS for digit in range(10)}
DIGITS |= {ord("\u066b"): ".", ord("\u066c"): ","}
OTHER_DIGIT = re.compile(f"[{''.join(map(chr, DIGITS))}]")
# Figures that decide what the comma of 5,838 is.
DECIMAL_COMMA = re.compile(r"^[+-]?\d*,(\d{1,2}|\d{4,})$", re.MULTILINE)
DECIMAL_POINT = re.compile(r"^[+-]?\d*\.\d+$", re.MULTILINE)
INDENTED = re.compile(r"^\"?[^\S\n]", re.MULTILINE)  # a line begins with a blank
# With points between thousands, and with one that must be decimal.
WHOLE_POINTED = r"[+-]?(0|[1-9]\d{0,2}(\.\d{3})*)"
SURELY_DECIMAL = r"[+-]?(\d*\.(\d{1,2}|\d{4,})|0?\.\d+)"
MAYBE_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})?"
MOST_OPENING = 200  # rows that tell how cells are written
FEWEST_LETTERS = 3  # that tell an encoding
MOST_COLUMNS = 5_000
MOST_CELLS = 50_000_000  # of a text
# Of the sheets of a workbook, blank ones between others too: a minute to read.
MOST_SHEET_CELLS = 10_000_000
MOST_SHEET_BYTES = 1_000_000_000
PACKAGES = {
    ".parquet": "pyarrow",
    ".sav": "pyreadstat",
    ".zsav": "pyreadstat",
    ".xls": "xlrd",
    ".ods": "odfpy",
}


def read_any(path: str | Path, sheet: str = "") -> AnyTable:
    """Read a table by the ending of its file's name, of a workbook the sheet of a name if
    it is given; what cannot be read is refused in one line.
    """
    file = Path(path)
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    table = _read(file, sheet)
    _refuse_wide(file, len(table.frame.columns))
    table.frame.columns = [_plain_name(str(name)) for name in table.frame.columns]
    table.labels = {_plain_name(name): text for name, text in table.labels.items()}
    table = _without_nameless(table)
    _refuse_unfit(file, table.frame)
    spelt = with_one_spelling(table.frame)
    table.frame = _with_plain_digits(_without_spread_letters(spelt))
    return table


def _read(file: Path, sheet: str) -> AnyTable:
    """Read a file by its ending, without looking at what it holds."""
    ending = "" if _is_text(file) else file.suffix.lower()
    readers: dict[str, Callable[[Path], AnyTable]] = {
        ".dta": _read_stata,
        ".parquet": _read_parquet,
    }
    readers |= dict.fromkeys(WORKBOOKS, partial(_read_excel, sheet=sheet))
    readers |= dict.fromkeys((".geojson", ".json"), _read_geojson)
    readers |= dict.fromkeys(GEOPANDAS, _read_map)
    readers |= dict.fromkeys((".sav", ".zsav"), _read_spss)
    readers |= dict.fromkeys((".sas7bdat", ".xpt"), _read_sas)
    for endings, action in LISTS["other_programs"].items():
        if ending in endings.split():
            raise IngestError(f"{file.name} is no table that is read", FORMATS, action)
    if sheet and ending not in WORKBOOKS:
        raise IngestError(
            f"{file.name} has no sheets", "a workbook", "leave --sheet out"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is refused below
            return readers.get(ending, _read_text)(file)
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


def _plain_name(name: str) -> str:
    """Return the name of a column in one line, without blanks between Chinese letters,
    with digits from 0 to 9.
    """
    spelt = in_one_spelling(name)
    one_line = re.sub(r"[\s\x00-\x1f\x7f]+", " ", spelt).strip()
    return SPREAD.sub("", one_line).translate(DIGITS)


def _without_nameless(table: AnyTable) -> AnyTable:
    """Leave out columns without a header; one that holds anything but the numbers of the
    rows is told.
    """
    named = [bool(name) for name in table.frame.columns]
    nameless = table.frame.loc[:, [not name for name in named]]
    told = []
    for position in range(nameless.shape[1]):
        cells = nameless.iloc[:, position]
        held = cells[~cells.str.lower().isin(MISSING)]
        if len(held) and not _counts_rows(held):
            told.append(str(held.iloc[0]))
    if told:
        table.messages.append(
            f"left out: {counted(len(told), 'column')} without a name (first cell"
            f" {first_examples(told)})"
        )
    table.frame = table.frame.loc[:, named]
    return table


def _counts_rows(cells: pd.Series) -> bool:
    """Say whether cells are whole numbers, each one more than the one before."""
    if not cells.str.fullmatch(r"[0-9]{1,9}").all():
        return False
    return bool(cells.astype(int).diff().iloc[1:].eq(1).all())


def _refuse_unfit(file: Path, frame: pd.DataFrame) -> None:
    """Refuse a table with a name twice or without rows."""
    names = Counter(frame.columns)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise IngestError(
            f"{file.name} has the column {twice[0]} twice",
            "each name once",
            "rename one of them",
        )
    if frame.empty or not len(frame.columns):
        raise IngestError(
            f"{file.name} has no rows",
            "a header and rows below it",
            "give another file",
        )


def _without_spread_letters(frame: pd.DataFrame) -> pd.DataFrame:
    """Close the blanks by which yearbooks spread short Chinese names, as 北  京 and 地  区."""
    spread = [
        name
        for name in frame.columns
        if SPREAD.search("\n".join(frame[name].iloc[:MOST_OPENING]))
    ]
    closed = {
        name: of_texts(frame[name], lambda text: SPREAD.sub("", text))
        for name in spread
    }
    return frame.assign(**closed)


def _with_plain_digits(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the digits of Arabic, Persian, Indian languages and of full width as 0 to 9."""
    texts = {name: "\n".join(frame[name].tolist()) for name in frame.columns}
    others = [
        name
        for name, text in texts.items()
        if not text.isascii() and OTHER_DIGIT.search(text)
    ]
    plain = {
        str(name): of_texts(frame[name], lambda text: text.translate(DIGITS))
        for name in others
    }
    return frame.assign(**plain)


def _refuse_wide(file: Path, count: int) -> None:
    if count > MOST_COLUMNS:
        raise IngestError(
            f"{file.name} has {count:,} columns",
            f"at most {MOST_COLUMNS:,}",
            "keep those that the study needs",
        )


def _is_text(file: Path) -> bool:
    """Say whether a file is a text under the ending of a workbook, as of some offices."""
    if file.suffix.lower() != ".xls" or not file.is_file():
        return False
    opening = file.read_bytes()[:256]
    is_book = opening.startswith((b"\xd0\xcf\x11\xe0", b"PK"))
    return not is_book and b"<" not in opening


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {name: [cell_text(value) for value in frame[name]] for name in frame.columns}
    )


def read_cells(path: str | Path) -> list[list[str]]:
    """Read the cells of a text or Excel file as they stand, blank rows left out."""
    file = Path(path)
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    if file.suffix.lower() in WORKBOOKS:
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
    text, delimiter = _text_of(file, messages)
    text = _plain(text, messages)
    table = headed(_rows_of(text, delimiter), messages)
    if INDENTED.search(text) and not table.names_above:
        # As they stand: `_rows_of` takes the blanks before a name away.
        written = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        table.outer = _outer_of(row[0] for row in written if row)
    semicolons = delimiter == ";"
    if semicolons:
        table = _without_points(table)
    return _with_decimal_points(table, semicolons=semicolons)


def _plain(text: str, messages: list[str]) -> str:
    """Write the digits of other alphabets as 0 to 9, and years of eras as Gregorian ones."""
    if text.isascii():
        return text
    digits = text.translate(DIGITS) if OTHER_DIGIT.search(text) else text
    return without_eras(digits, messages)


def _outer_of(cells: Iterable[str]) -> frozenset[str]:
    """Return the names in a column below which others stand indented; none where only a
    few are, as by mistake.
    """
    rows = [(len(cell) - len(cell.lstrip()), cell.strip()) for cell in cells]
    rows = [(indent, name) for indent, name in rows if name]
    names = {name for _, name in rows}
    indented = {name for indent, name in rows if indent}
    outer = {
        name
        for (indent, name), (next_indent, _) in pairwise(rows)
        if next_indent > indent
    }
    few = len(indented) < max(2 * len(outer), len(names) / 3)
    return frozenset() if few else frozenset(outer)


def _with_decimal_points(table: AnyTable, semicolons: bool) -> AnyTable:
    """Write a point for the comma of figures such as 5,838, which may be thousands, where
    other figures of the table have decimal commas or cells are parted by semicolons.
    """
    frame = table.frame
    opening = frame.iloc[:MOST_OPENING]
    texts = {name: "\n".join(opening[name]) for name in frame.columns}
    surely = any(DECIMAL_COMMA.search(text) for text in texts.values())
    points = any(DECIMAL_POINT.search(text) for text in texts.values())
    # ASSUME: whoever parts cells by semicolons has commas for decimals, without other signs.
    if points or not (surely or semicolons):
        return table
    changed = dict[str, pd.Series]()
    for name, text in texts.items():
        if "," not in text:
            continue
        figures = frame[name][~frame[name].str.lower().isin(MISSING)]
        if figures.str.fullmatch(MAYBE_THOUSANDS).all():
            changed[name] = frame[name].str.replace(",", ".", regex=False)
    if not changed:
        return table
    name = next(iter(changed))
    written = next(text for text in frame[name] if "," in text)
    message = f"commas are decimal: {written} of {name} is {written.replace(',', '.')}"
    messages = [*table.messages, message]
    return replace(table, frame=frame.assign(**changed), messages=messages)


def _without_points(table: AnyTable) -> AnyTable:
    """Take the points out of figures such as 5.838, which part thousands where cells are
    parted by semicolons and no figure has one or two digits behind a point.
    """
    frame = table.frame
    pointed = list[str]()
    for name in frame.columns:
        is_place = WORDS.lat_column.fullmatch(name) or WORDS.lon_column.fullmatch(name)
        if is_place or not frame[name].str.contains(".", regex=False).any():
            continue
        figures = frame[name][~frame[name].str.lower().isin(MISSING)]
        if figures.str.fullmatch(SURELY_DECIMAL).any():
            return table
        if figures.str.fullmatch(WHOLE_POINTED).all():
            pointed.append(name)
    if not pointed:
        return table
    first = pointed[0]
    written = next(text for text in frame[first] if "." in text and text[0].isdigit())
    message = (
        f"points part thousands in {first_examples(pointed)}: {written} of {first} is"
        f" {written.replace('.', '')}"
    )
    changed = {
        name: frame[name].str.replace(r"(?<=[0-9])\.(?=[0-9])", "", regex=True)
        for name in pointed
    }
    messages = [*table.messages, message]
    return replace(table, frame=frame.assign(**changed), messages=messages)


def _text_rows(file: Path, messages: list[str]) -> list[list[str]]:
    return _rows_of(*_text_of(file, messages))


def _text_of(file: Path, messages: list[str]) -> tuple[str, str]:
    """Return a text and what divides its cells."""
    content = file.read_bytes()
    if content.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise IngestError(f"{file.name} is packed", FORMATS, "unpack it first")
    if b"\x00" in content and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise IngestError(f"{file.name} is no text", FORMATS, "save it in one of these")
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = _older_encoding(content)
        text = content.decode(encoding, errors="replace")
        messages.append(f"{file.name} is not UTF-8; read as {encoding}")
    lines = [
        re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:50] if line.strip()
    ]
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    # What each of the last lines has most often; titles above may have none.
    delimiter = max(
        counts,
        # Tabs in every line part cells, whatever figures such as 1,234,567 hold.
        key=lambda mark: (
            mark == "\t" and min(counts[mark][-20:], default=0) > 0,
            min(counts[mark][-20:], default=0),
            sum(counts[mark]),
        ),
    )
    if delimiter != ",":
        mark = "tabs" if delimiter == chr(9) else delimiter
        messages.append(f"cells are separated by {mark}")
    _refuse_wide(file, max((line.count(delimiter) for line in lines), default=0) + 1)
    cells = text.count(delimiter) + text.count("\n")
    if cells > MOST_CELLS:
        raise IngestError(
            f"{file.name} has about {cells:,} cells",
            f"at most {MOST_CELLS:,}",
            "keep the rows and columns that the study needs",
        )
    return text, delimiter


def _rows_of(text: str, delimiter: str) -> list[list[str]]:
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True
    )
    # Most cells have no letter that `cell_text` would replace.
    return [
        list(map(str.strip if "".join(row).isprintable() else cell_text, row))
        for row in rows
    ]


def _older_encoding(content: bytes) -> str:
    """Return the encoding of a text that is not UTF-8, by the bytes above 127."""
    for encoding, letters in LISTS["encodings"].items():
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if sum(map(text.count, letters)) >= FEWEST_LETTERS:
                return str(encoding)
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", content)]
    # Chinese letters come as pairs of bytes, Cyrillic ones as whole words, those of
    # European languages mostly alone.
    if "地区".encode("gb18030") in content or all(run % 2 == 0 for run in runs):
        return "gb18030"
    return "cp1251" if sum(runs) > 2 * len(runs) else "cp1252"


def _check_sheets(file: Path) -> None:
    """Refuse a workbook of more cells than any table has, before they are read."""
    with zipfile.ZipFile(file) as parts:
        sheets = [part for part in parts.infolist() if "worksheets/" in part.filename]
        size = sum(part.file_size for part in sheets)
    if size > MOST_SHEET_BYTES:
        raise IngestError(
            f"{file.name} has sheets of {size / 1e6:,.0f} MB",
            f"at most {MOST_SHEET_BYTES / 1e6:,.0f}",
            "save the table alone as CSV",
        )
    with pd.ExcelFile(file, engine="openpyxl") as book:
        for sheet in book.book.worksheets:
            rows = sheet.max_row or 0
            columns = sheet.max_column or 0
            if rows * columns > MOST_SHEET_CELLS:
                raise IngestError(
                    f"{file.name}: the sheet {sheet.title} reaches to row {rows:,} and"
                    f" column {columns:,}",
                    f"at most {MOST_SHEET_CELLS:,} cells",
                    "delete the cells far from the table, or save it as CSV",
                )


def _read_excel(file: Path, sheet: str = "") -> AnyTable:
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        _check_sheets(file)
    elif b"<" in file.read_bytes()[:1]:
        raise IngestError(
            f"{file.name} is a web page under the ending of a workbook",
            FORMATS,
            "open it in a spreadsheet and save it as .xlsx",
        )
    sheets = pd.read_excel(
        file,
        sheet_name=None,
        header=None,
        dtype=object,
        keep_default_na=False,
        na_values=[""],
    )
    if sheet and sheet not in sheets:
        names = first_examples(list(sheets), 12)
        fault = f"no sheet {sheet} in {file.name}"
        raise IngestError(fault, f"one of {names}", "correct it")
    fullest = sheet or max(
        sheets, key=lambda name: sheets[name].notna().to_numpy().sum()
    )
    table = _headed_sheet(sheets[fullest])
    # Codes may stand before the names.
    for name in () if table.names_above else sheets[fullest].columns[:2]:
        table.outer |= _outer_of(sheets[fullest][name].dropna().astype(str))
    if sheet:
        table.messages.insert(0, f"the sheet {sheet} was read (--sheet)")
        return table
    alike = dict[str, pd.DataFrame]()
    for name, cells in sheets.items():
        with contextlib.suppress(IngestError):  # another sheet may be no table
            frame = _headed_sheet(cells).frame
            if list(frame.columns) == list(table.frame.columns):
                alike[str(name)] = frame
    if len(alike) > 1 and SHEET not in table.frame:
        frames = [frame.assign(**{SHEET: name}) for name, frame in alike.items()]
        message = (
            f"sheets {first_examples(list(alike), 6)} have the same columns: read below"
            f" each other, told apart by column {SHEET} (--sheet reads one)"
        )
        frame = pd.concat(frames, ignore_index=True)
        return replace(table, frame=frame, messages=[message, *table.messages])
    if len(sheets) > 1:
        others = f"the fullest of {len(sheets)} (--sheet)"
        table.messages.insert(0, f"the sheet {fullest} was read, {others}")
    return table


def _headed_sheet(cells: pd.DataFrame) -> AnyTable:
    messages = list[str]()
    texts = _as_text(cells).map(lambda text: _plain(text, messages))
    return headed(texts.to_numpy().tolist(), messages[:1])


def _read_stata(file: Path) -> AnyTable:
    with pd.read_stata(file, iterator=True) as reader:
        labels = {name: text for name, text in reader.variable_labels().items() if text}
    try:
        frame = pd.read_stata(file)
    except ValueError:  # two values with one label, or a date that is none
        frame = pd.read_stata(file, convert_categoricals=False, convert_dates=False)
    return AnyTable(_as_text(frame.astype(object)), labels=labels)


def _read_spss(file: Path) -> AnyTable:
    frame = pd.read_spss(file)
    labels = {
        name: text
        for name, text in frame.attrs.get("column_names_to_labels", {}).items()
        if text
    }
    return AnyTable(_as_text(frame.astype(object)), labels=labels)


def _read_sas(file: Path) -> AnyTable:
    frame = pd.read_sas(file, encoding="utf-8")
    return AnyTable(_as_text(frame.astype(object)))


def _read_parquet(file: Path) -> AnyTable:
    return AnyTable(
        _as_text(pd.read_parquet(file).reset_index(drop=True).astype(object))
    )


def _read_geojson(file: Path) -> AnyTable:
    content = json.loads(file.read_text(encoding="utf-8-sig"))
    if not isinstance(content, list):
        return _read_map(file)
    # The World Bank's interface gives a note, then the rows.
    rows = content[1] if [*map(type, content)] == [dict, list] else content
    return AnyTable(_as_text(pd.json_normalize(rows).astype(object)))


def _read_map(file: Path) -> AnyTable:
    # The id of a feature mostly counts features, and names no unit.
    features = [{"properties": one.get("properties")} for one in read_features(file)]
    return AnyTable(property_table(features))
