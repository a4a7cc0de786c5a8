"""Read one table of the study and hold it against the dictionary: encoding, columns,
types, ranges, keys.
"""

import csv
import io
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.study import letters
from evenfield.study.errors import Faults, IngestError, counted, first_examples
from evenfield.study.files import not_a_file
from evenfield.study.ingest.dictionary import hash_bytes
from evenfield.study.tables import Field, Resource

INTEGER = re.compile(r"^[+-]?\d+(\.0*)?$")


@contextmanager
def time_limit(what: str, seconds: float) -> Iterator[None]:
    """Refuse a table that takes too long, as one whose pattern tries every way to
    match.
    """

    def stop(*_: object) -> None:
        fault = f"{what} takes more than {seconds:g} s to check"
        raise IngestError(
            fault,
            "a table and patterns that are read faster",
            "simplify `pattern` in datapackage.json",
        )

    # Signals reach the main thread only; elsewhere there is no limit.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read_checked(folder: Path, resource: Resource) -> pd.DataFrame:
    """Read a table and check its structure."""
    raw = _read_text_columns(folder / resource.path, resource)
    faults = Faults()
    columns = dict[str, pd.Series]()
    for field in resource.fields:
        with faults.caught():
            columns[field.name] = _typed(raw, field, resource)
    faults.refuse()
    frame = pd.DataFrame(columns)
    for field in resource.fields:
        with faults.caught():
            _check_field(frame, field, resource)
    with faults.caught():
        _check_key(frame, resource)
    faults.refuse()
    return frame.sort_values(
        list(resource.key) or list(frame.columns), kind="stable"
    ).reset_index(drop=True)


def _read_text_columns(path: Path, resource: Resource) -> pd.DataFrame:
    rows = _parse_csv(_read_utf8(path), resource)
    if not rows:
        raise IngestError(
            f"{resource.path} is empty", "a header and rows", "restore the file"
        )
    header = rows[0]
    body = [row for row in rows[1:] if row]
    wanted = [field.name for field in resource.fields]
    missing = [n for n in wanted if n not in header]
    extra = [n for n in header if n not in wanted]
    if missing:
        raise IngestError(
            f"{resource.path} lacks {counted(len(missing), 'column')} ({first_examples(missing)})",
            f"the {len(wanted)} columns of datapackage.json",
            "add the column or correct its name",
        )
    if extra or len(set(header)) != len(header):
        raise IngestError(
            f"{resource.path} has {counted(len(extra) or 1, 'column')} too many"
            f" ({first_examples(extra or header)})",
            "the columns of datapackage.json",
            "describe it there or remove it",
        )
    short = [str(i) for i, row in enumerate(body, start=2) if len(row) != len(header)]
    if short:
        raise IngestError(
            f"{resource.path} has {counted(len(short), 'row')} of another length (line"
            f" {first_examples(short)})",
            f"{len(header)} cells in each row",
            "correct the line",
        )
    return pd.DataFrame(body, columns=header, dtype=str)


def _parse_csv(text: str, resource: Resource) -> list[list[str]]:
    try:
        # Strict, since an open quotation mark would swallow the rows that follow.
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise IngestError(
            f"{resource.path} is not a CSV table ({error})",
            "cells with paired quotation marks",
            "correct the file",
        ) from None


def _read_utf8(path: Path) -> str:
    try:
        if not path.is_file():
            raise IngestError(
                not_a_file(path, path.name),
                f"the table {path}",
                "restore the file or its resource",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        fault = f"{path.name} cannot be read ({error.strerror})"
        raise IngestError(fault, "a file you may read", "permit it") from None
    except UnicodeDecodeError as error:
        raise IngestError(
            f"{path.name} is not UTF-8 (byte {error.start})",
            "a UTF-8 file",
            "save it as UTF-8",
        ) from None
    if hidden := letters.hidden_letter(text, letters.IN_TABLES):
        raise IngestError(f"{path.name} {hidden}", letters.EXPECTED, letters.ACTION)
    return text


def _typed(raw: pd.DataFrame, field: Field, resource: Resource) -> pd.Series:
    column = raw[field.name].str.strip() if len(raw) else raw[field.name].astype(str)
    if field.kind not in {"integer", "number"}:
        return column
    blank = column.eq("")
    numbers = pd.to_numeric(column.mask(blank), errors="coerce").astype(float)
    wrong = ~blank & ~np.isfinite(numbers)
    if field.kind == "integer":
        wrong |= ~blank & ~column.str.match(INTEGER)
    if wrong.any():
        are = "is" if wrong.sum() == 1 else "are"
        line = int(np.flatnonzero(wrong)[0]) + 2
        raise IngestError(
            f"{resource.path} has {counted(int(wrong.sum()), 'value')} of {field.name}"
            f" that {are} no {field.kind} ('{column[wrong].iloc[0]}' in line {line})",
            f"{'an' if field.kind == 'integer' else 'a'} {field.kind} or a blank cell",
            "correct the cell",
        )
    return numbers


def _check_field(frame: pd.DataFrame, field: Field, resource: Resource) -> None:
    column = frame[field.name]
    # A blank number is missing; a blank text is one without letters.
    is_number = field.kind in {"integer", "number"}
    blank = column.isna() if is_number else column.isna() | column.astype(str).eq("")
    if field.required and blank.any():
        _refuse(
            frame,
            blank,
            resource,
            f"blank {field.name}",
            "a value in every row",
            "fill the cell",
        )
    if field.logged and (column <= 0).any():
        _refuse(
            frame,
            column <= 0,
            resource,
            f"zero or negative {field.name}",
            "positive numbers, because logarithms are taken",
            "correct the cell or leave it blank",
        )
    outside = _outside(column, field) & ~blank
    if outside.any():
        _refuse(
            frame,
            outside,
            resource,
            f"{field.name} out of range",
            _allowed(field),
            "correct the cell",
        )


def _outside(column: pd.Series, field: Field) -> pd.Series:
    outside = pd.Series(False, index=column.index)
    if field.minimum is not None:
        outside |= column < field.minimum
    if field.maximum is not None:
        outside |= column > field.maximum
    if field.choices:
        texts = (
            # Numbers were read as floats: 1 in the list of the dictionary is 1.0 here.
            column.map(lambda value: f"{value:g}")
            if field.kind in {"integer", "number"}
            else column
        )
        outside |= ~texts.isin(field.choices)
    if field.pattern:
        outside |= ~column.astype(str).str.fullmatch(field.pattern)
    return outside


def _allowed(field: Field) -> str:
    if field.choices:
        return f"one of {', '.join(field.choices)}"
    if field.pattern:
        return f"text of the form {field.pattern}"
    low = "" if field.minimum is None else f"at least {field.minimum:g}"
    high = "" if field.maximum is None else f"at most {field.maximum:g}"
    return " and ".join(part for part in (low, high) if part)


def _refuse(
    frame: pd.DataFrame,
    rows: pd.Series,
    resource: Resource,
    what: str,
    expected: str,
    action: str,
) -> None:
    raise IngestError(
        f"{resource.path} has {counted(int(rows.sum()), what, f'rows with {what}')}"
        f" ({first_examples(_keys(frame[rows], resource))})",
        expected,
        action,
    )


def _keys(rows: pd.DataFrame, resource: Resource) -> list[str]:
    names = list(resource.key) or list(rows.columns[:1])
    return [
        " ".join(
            f"{value:g}" if isinstance(value, float) else str(value) for value in row
        )
        for row in rows[names].itertuples(index=False)
    ]


def _check_key(frame: pd.DataFrame, resource: Resource) -> None:
    if not resource.key:
        return
    twice = frame.duplicated(list(resource.key), keep="first")
    if twice.any():
        _refuse(
            frame,
            twice,
            resource,
            "duplicated key",
            f"one row per {', '.join(resource.key)}",
            "remove the duplicates",
        )


def foreign_key_faults(
    tables: Mapping[str, pd.DataFrame], resources: Mapping[str, Resource]
) -> Iterator[IngestError]:
    """Yield a fault for every id that refers to another table and is not found there."""
    for name, resource in resources.items():
        for column, named, target_column in resource.foreign:
            # The standard names a table's own key by an empty text.
            target = next(
                (n for n, other in resources.items() if named in {n, other.name}),
                named or name,
            )
            if target not in resources or target_column not in {
                field.name for field in resources[target].fields
            }:
                fault = (
                    f"datapackage.json: {column} of {resource.path} refers to"
                    f" {target_column} of {target}"
                )
                yield IngestError(
                    fault,
                    "a table and column that it describes",
                    "correct the foreign key",
                )
            elif name in tables and target in tables:
                ids = tables[name][column].dropna().astype(str).unique()
                known = tables[target][target_column].astype(str).unique()
                if unknown := sorted(set(ids) - set(known) - {""}):
                    fault = (
                        f"{resource.path} names {counted(len(unknown), f'unknown {column}')}"
                        f" ({first_examples(unknown)})"
                    )
                    yield IngestError(
                        fault,
                        f"a {target_column} of {target}.csv",
                        "correct the id or add it there",
                    )


def check_hashes(folder: Path, resources: Mapping[str, Resource]) -> None:
    """Check each file's bytes against the hash in the dictionary."""
    changed = [
        r.path
        for r in resources.values()
        if r.hash and hash_bytes(folder / r.path) != r.hash
    ]
    if changed:
        raise IngestError(
            f"{counted(len(changed), 'table')} changed since its checksum was written"
            f" ({first_examples(changed)})",
            "the SHA-256 in datapackage.json",
            "run `python3 run data` if the edit is meant, else restore the file",
        )
