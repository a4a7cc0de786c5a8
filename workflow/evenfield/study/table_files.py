"""Canonical tables: the only functions that read and write CSV between the steps of a
study.
"""

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.study.files import write_bytes
from evenfield.study.rounding import round_frame

# A spreadsheet runs cells that open so, after apostrophes too.
FORMULA = re.compile(r"(?s)'*[=+\-@\t\r].")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]inf")
# A cell of a file that may begin with the apostrophe of a defused formula, but for the
# first of all, which is the name of a column.
OPENING_APOSTROPHES = (b"\n'", b",'", b"\"'")
# Always text, so that an id or a name such as 01 keeps its zero and a blank stays a text.
TEXT_COLUMNS = (
    "unit",
    "name",
    "unit_i",
    "unit_j",
    "unit_scheme",
    "period",
    "note",
    "warning",
    "parent",
    "zone",
    "zone_type",
    "city",
    "basis",
    "taxonomy",
    "cell",
    "measure",
)


def read_table(path: str | Path, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a hand-over table that this pipeline wrote."""
    wanted = dict.fromkeys([*TEXT_COLUMNS, *text], str)
    content = Path(path).read_bytes()
    # Only an empty cell is missing: NA can be an id, as of Namibia.
    frame = pd.read_csv(
        io.BytesIO(content),
        dtype=wanted,
        keep_default_na=False,
        na_values=[""],
    )
    for name in frame.columns.intersection(list(wanted)):
        frame[name] = frame[name].fillna("")
    if not any(opening in content for opening in OPENING_APOSTROPHES):
        return frame
    return frame.assign(
        **{name: frame[name].map(_plain) for name in _opening_with("'", frame)}
    )


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a hand-over table with 17 significant digits."""
    # 17 significant digits give back every double bit by bit.
    _write_csv(frame, path, "%.17g")


def write_results(
    frame: pd.DataFrame, path: str | Path, by_row: tuple[str, ...] = ()
) -> None:
    """Write a published table: dust to zero, 12 then 6 significant digits, LF, UTF-8."""
    _write_csv(round_frame(frame, by_row), path, "%.6g")


def results_csv(frame: pd.DataFrame) -> str:
    """Return a table as ``write_results`` writes it."""
    return _csv(round_frame(frame), "%.6g")


def _write_csv(frame: pd.DataFrame, path: str | Path, float_format: str) -> None:
    write_bytes(_csv(frame, float_format).encode(), path)


def _csv(frame: pd.DataFrame, float_format: str) -> str:
    defused = frame.assign(
        **{
            name: frame[name].map(_defused)
            for name in _opening_with("'=+-@\t\r", frame)
        }
    )
    # As `float_format` of pandas writes them, in a tenth of its time.
    in_words: dict[str, Any] = {
        str(name): [None if x != x else float_format % x for x in column.tolist()]  # noqa: PLR0124
        for name, column in frame.items()
        if column.dtype == float
    }
    return str(defused.assign(**in_words).to_csv(index=False, lineterminator="\n"))


def _opening_with(signs: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns in which a text opens with one of the signs."""
    texts = frame.select_dtypes(["object", "str"])
    return [
        str(k)
        for k in texts
        if not {c[:1] for c in texts[k].tolist() if isinstance(c, str)}.isdisjoint(
            signs
        )
    ]


def _defused(cell: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would take for a formula;
    numbers and lone signs stay.
    """
    return (
        f"'{cell}"
        if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell)
        else cell
    )


def _plain(cell: Any) -> Any:
    """Take away the apostrophe that ``_defused`` put."""
    return (
        cell[1:]
        if isinstance(cell, str) and cell[:1] == "'" and _defused(cell[1:]) == cell
        else cell
    )


def content_hash(frame: pd.DataFrame) -> str:
    """Hash a table's content so that the order of its rows and columns does not matter."""
    columns = sorted(frame.columns)
    body = io.StringIO()
    writer = csv.writer(body, lineterminator="\n")
    texts = [_texts(frame[name]) for name in columns]
    writer.writerows(zip(*texts, strict=True))
    rows = sorted(body.getvalue().splitlines())
    return hashlib.sha256("\n".join([",".join(columns), *rows]).encode()).hexdigest()


def _texts(column: pd.Series) -> list[object]:
    """Return the cells of a column as ``to_csv`` writes them with 17 digits."""
    if column.dtype == float:
        return ["" if x != x else f"{x:.17g}" for x in column.tolist()]  # noqa: PLR0124
    blank = column.isna()
    if not blank.any():
        return column.tolist()
    return column.astype(object).where(~blank, "").tolist()
