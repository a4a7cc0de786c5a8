"""Read a table of anyone's as text: CSV, Excel, Stata, SPSS, SAS, Parquet or the properties
of a map.
"""

import contextlib
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pandas as pd

from evenfield.newstudy.cells import (
    DIGITS,
    MISSING,
    OTHER_DIGIT,
    cell_text,
    in_one_spelling,
    of_texts,
    texts_of,
    with_one_spelling,
)
from evenfield.newstudy.encodings import encoding_of
from evenfield.newstudy.features import GEOPANDAS, property_table, read_features
from evenfield.newstudy.headers import AnyTable
from evenfield.newstudy.sheets import open_workbook, read_workbook
from evenfield.newstudy.text_files import TextFile, refuse_wide
from evenfield.newstudy.words import LISTS
from evenfield.study.errors import IngestError, counted, first_examples

FORMATS = "CSV or text, Excel (.xlsx), Stata (.dta), SPSS (.sav), SAS (.sas7bdat, .xpt), Parquet, GeoJSON, a shapefile"
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
# How files of Stata 14 and later begin, whose texts are UTF-8.
UNICODE_STATA = re.compile(rb"<release>1(1[89]|[2-9]\d)<")
NO_LETTER = re.compile("[\x80-\x9f]")  # of Latin 1
# Blanks between Chinese letters.
SPREAD = re.compile("(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])")
MOST_OPENING = 200  # rows that tell how cells are written
# Bytes of a text and of a workbook that take more than a second.
LARGE = 4_000_000
LARGE_WORKBOOK = 300_000
MOST_BYTES = 1_000_000_000  # of a file that is read as a whole
PACKAGES = {
    ".parquet": "pyarrow",
    ".sav": "pyreadstat",
    ".zsav": "pyreadstat",
    ".xls": "xlrd",
    ".ods": "odfpy",
}


def note_large(file: Path, note: Callable[[str], None]) -> None:
    """Say that a file is read, if that takes more than a second or two."""
    is_book = file.suffix.lower() in WORKBOOKS
    size = file.stat().st_size if file.is_file() else 0
    if size > (LARGE_WORKBOOK if is_book else LARGE):
        note(f"reading {file.name}, {size / 1e6:,.1f} MB")


def silent(text: str) -> None:
    """Say nothing of how far a reading is."""


def read_any(
    path: str | Path,
    sheet: str = "",
    encoding: str = "",
    note: Callable[[str], None] = silent,
) -> AnyTable:
    """Read a table by the ending of its file's name; what cannot be read is refused in one
    line.

    ``sheet`` and ``encoding`` are what the user says of a workbook or a text, blank if
    nothing; ``note`` is told how far a long reading is.
    """
    file = Path(path)
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    table = _read(file, sheet, encoding, note)
    refuse_wide(file, len(table.frame.columns))
    table.frame.columns = [_plain_name(str(name)) for name in table.frame.columns]
    table.labels = {_plain_name(name): text for name, text in table.labels.items()}
    table = _without_nameless(table)
    _refuse_unfit(file, table.frame)
    spelt = with_one_spelling(table.frame)
    table.frame = _with_plain_digits(_without_spread_letters(spelt))
    return table


def _read(
    file: Path, sheet: str, encoding: str, note: Callable[[str], None]
) -> AnyTable:
    """Read a file by its ending, without looking at what it holds."""
    ending = "" if _is_text(file) else file.suffix.lower()
    readers: dict[str, Callable[[Path], AnyTable]] = {
        ".dta": partial(_read_stata, encoding=encoding),
        ".parquet": _read_parquet,
    }
    readers |= dict.fromkeys(WORKBOOKS, partial(read_workbook, sheet=sheet, note=note))
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
    reader = readers.get(ending)
    size = file.stat().st_size
    if reader and size > MOST_BYTES:
        raise IngestError(
            f"{file.name} has {size / 1e6:,.0f} MB",
            f"at most {MOST_BYTES / 1e6:,.0f} of a file that is no text",
            "keep the rows and columns that the study needs, or save it as CSV",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is refused below
            return reader(file) if reader else TextFile(file, encoding, note).table()
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
    texts = {name: "\n".join(texts_of(frame[name]).once) for name in frame.columns}
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


def read_cells(path: str | Path, encoding: str = "") -> list[list[str]]:
    """Read the cells of a text or of the first sheet of a workbook as they stand, blank
    rows left out.
    """
    file = Path(path)
    if not file.is_file():
        raise IngestError(f"no file {file.name}", FORMATS, "correct the path")
    if file.suffix.lower() not in WORKBOOKS:
        rows = TextFile(file, encoding, silent).rows()
        return [row for row in rows if any(row)]
    with contextlib.closing(open_workbook(file, silent)) as book:
        found = book.rows(next(iter(book.held)))
    width = max(map(len, found), default=0)
    cells = [[*map(cell_text, row), *[""] * (width - len(row))] for row in found]
    return [row for row in cells if any(row)]


def _read_stata(file: Path, encoding: str) -> AnyTable:
    with pd.read_stata(file, iterator=True) as reader:
        labels = {name: text for name, text in reader.variable_labels().items() if text}
    try:
        frame = pd.read_stata(file)
    except ValueError:  # two values with one label, or a date that is none
        frame = pd.read_stata(file, convert_categoricals=False, convert_dates=False)
    frame = frame.astype(object)
    messages = list[str]()
    with file.open("rb") as stream:
        is_unicode = UNICODE_STATA.search(stream.read(100)) is not None
    texts = [*frame.to_numpy().ravel(), *labels.values()]
    encoding = "" if is_unicode else _encoding_of_old(texts, file.name, encoding)
    if encoding:
        read = partial(_read_again, encoding=encoding)
        frame = frame.map(read)
        labels = {name: str(read(text)) for name, text in labels.items()}
        messages = [
            f"{file.name} is an old file of Stata; read as {encoding} (--encoding)"
        ]
    return AnyTable(_as_text(frame), messages, labels)


def _encoding_of_old(cells: Iterable[object], file: str, asked: str) -> str:
    """Return the encoding of an old file of Stata, whose cells were read as Latin 1: the
    one asked for, or Unicode, or the one in which they read as words if Latin 1 has no
    such letters; blank where they may stay.
    """
    texts = {text for text in cells if isinstance(text, str) and not text.isascii()}
    if not texts:
        return ""
    content = "\n".join(sorted(texts)).encode("latin-1")
    with contextlib.suppress(UnicodeDecodeError):
        content.decode("utf-8")
        return "utf-8"
    if asked or any(map(NO_LETTER.search, texts)):
        return encoding_of(content, asked, file)
    return ""


def _read_again(cell: object, encoding: str) -> object:
    """Return a text that was read as Latin 1 in another encoding, other cells as they
    are.
    """
    return cell.encode("latin-1").decode(encoding) if isinstance(cell, str) else cell


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
