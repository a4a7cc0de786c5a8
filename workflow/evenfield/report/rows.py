"""Reading rounded results as plain rows of text, and picking the rows a sentence needs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from evenfield.study.errors import ReportError

Row = Mapping[str, str]


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a rounded CSV as rows of text, exactly as printed there."""
    try:
        with Path(path).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except FileNotFoundError:
        raise ReportError(f"no file {path}", "the results of the floors below", "run the whole workflow") from None


def pick(rows: Iterable[Row], **wanted: str | tuple[str, ...]) -> list[Row]:
    """Pick the rows whose fields hold the wanted text."""
    choices = {name: (value,) if isinstance(value, str) else value for name, value in wanted.items()}
    return [row for row in rows if all(row.get(name, "") in allowed for name, allowed in choices.items())]


def first(rows: Iterable[Row], **wanted: str | tuple[str, ...]) -> Row | None:
    """Return the first row whose fields hold the wanted text, or None."""
    found = pick(rows, **wanted)
    return found[0] if found else None


def number(row: Row, name: str) -> float | None:
    """Return a field as a number, or None where it is blank."""
    text = row.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise ReportError(f"{name} holds '{text}'", "a number or nothing", "rerun the floor that wrote it") from None
