"""Canonical files: the only functions that read and write tables and JSON between floors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.study.rounding import round_frame

TEXT_COLUMNS = ("unit", "unit_i", "unit_j", "unit_scheme", "period", "note", "warning", "parent", "zone", "city")


def read_table(path: str | Path, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a hand-over table that this pipeline wrote."""
    header = pd.read_csv(path, nrows=0).columns
    wanted = {name: str for name in header if name in TEXT_COLUMNS or name in text}
    frame = pd.read_csv(path, dtype=wanted, keep_default_na=False, na_values=[""])
    for name in wanted:
        frame[name] = frame[name].fillna("")
    return frame


def read_tables(paths: Sequence[str | Path], text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read the parts of one hand-over table and stack them in the order given."""
    return pd.concat([read_table(path, text) for path in paths], ignore_index=True)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a hand-over table between floors with 17 significant digits."""
    _write_csv(frame, path, "%.17g")


def write_results(frame: pd.DataFrame, path: str | Path, by_row: tuple[str, ...] = ()) -> None:
    """Write a published table: dust to zero, 12 then 6 significant digits, LF, UTF-8."""
    _write_csv(round_frame(frame, by_row), path, "%.6g")


def _write_csv(frame: pd.DataFrame, path: str | Path, float_format: str) -> None:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(target, index=False, float_format=float_format, lineterminator="\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Write JSON with sorted keys and a final line feed."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    target.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text with LF line ends."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")


def content_hash(frame: pd.DataFrame) -> str:
    """Hash a table's content so that the order of its rows and columns does not matter."""
    columns = sorted(frame.columns)
    body = frame[columns].to_csv(index=False, header=False, float_format="%.17g", lineterminator="\n")
    rows = sorted(body.splitlines())
    return hashlib.sha256("\n".join([",".join(columns), *rows]).encode()).hexdigest()
