"""What differs between two states of a study: cells of tables, keys of the config,
estimates and answers.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import first_examples
from evenfield.study.table_files import read_table, write_table

DUST = 1e-9
SHOWN = 5
LONGEST = 60
_KEYS = (
    "unit year,taxonomy unit,zone,unit measure,unit_i unit_j,source,variable units"
    " first_year,programme unit,unit"
)
KEYS = [tuple(names.split()) for names in _KEYS.split(",")]


def as_ingested(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables as they read after being written, so that they compare with those
    of a run.
    """
    with tempfile.TemporaryDirectory(prefix="evenfield-") as name:
        for stem, frame in tables.items():
            write_table(frame, Path(name) / f"{stem}.csv")
        return ingested(Path(name))


def ingested(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a run."""
    return {
        path.stem: read_table(path, ("source", "zone"))
        for path in sorted(folder.glob("*.csv"))
    }


def table_changes(
    old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]
) -> Iterator[str]:
    """Say which rows and cells of the tables differ, the largest changes of figures
    first.
    """
    for name in sorted(set(old) | set(new)):
        one = old.get(name, pd.DataFrame())
        other = new.get(name, pd.DataFrame())
        for word, frame, besides in (("gone", one, other), ("new", other, one)):
            columns = [column for column in frame.columns if column not in besides]
            if columns and len(frame):
                yield f"{name}: columns {word}: {first_examples(columns)}"
        if set(one) & set(other):
            yield from _frame_changes(name, one, other)


def _frame_changes(name: str, old: pd.DataFrame, new: pd.DataFrame) -> Iterator[str]:
    columns = [column for column in new.columns if column in old]
    key = next(
        (
            k
            for k in KEYS
            if set(k) <= set(columns) and not (_twice(old, k) or _twice(new, k))
        ),
        tuple(columns),
    )
    one, other = (
        frame[columns].drop_duplicates(list(key)).set_index(list(key))
        for frame in (old, new)
    )
    for word, rows in (
        ("gone", one.index.difference(other.index)),
        ("new", other.index.difference(one.index)),
    ):
        if len(rows):
            yield (
                f"{name}: {_counted(len(rows), 'row')} {word}"
                f" ({first_examples([_named(row) for row in rows])})"
            )
    both = one.index.intersection(other.index)
    for column in [column for column in columns if column not in key]:
        before = one.loc[both, column]
        after = other.loc[both, column]
        numeric = pd.api.types.is_numeric_dtype(
            before
        ) and pd.api.types.is_numeric_dtype(after)
        before, after = (
            part if numeric else part.fillna("").astype(str) for part in (before, after)
        )
        moved = before.ne(after) & ~(before.isna() & after.isna())
        if moved.any():
            size = (
                _sizes(before[moved], after[moved])
                if numeric
                else pd.Series(0.0, before[moved].index)
            )
            first = size.sort_values(ascending=False, kind="stable").index[:3]
            cells = [
                f"{_named(row)}: {_cell(before[row])} -> {_cell(after[row])}"
                for row in first
            ]
            more = (
                f", largest {size.max():.2%}"
                if numeric and np.isfinite(size.max())
                else ""
            )
            yield (
                f"{name}: {_counted(int(moved.sum()), 'cell')} of {column}"
                f" changed{more} ({'; '.join(cells)})"
            )


def _twice(frame: pd.DataFrame, key: tuple[str, ...]) -> bool:
    return bool(frame.duplicated(list(key)).any())


def _sizes(before: pd.Series, after: pd.Series) -> pd.Series:
    with np.errstate(divide="ignore", invalid="ignore"):
        return (after / before - 1).abs().fillna(np.inf)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _named(row: Any) -> str:
    text = " ".join(_cell(part) for part in (row if isinstance(row, tuple) else (row,)))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _cell(value: Any) -> str:
    return (
        ("blank" if pd.isna(value) else f"{value:.12g}")
        if isinstance(value, float)
        else str(value) or "blank"
    )


def config_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say which keys of the config differ."""
    one = dict(_leaves(old, ""))
    other = dict(_leaves(new, ""))
    for key in sorted(set(one) | set(other)):
        if one.get(key) != other.get(key):
            yield (
                f"config: {key}: {one.get(key, 'not there')} ->"
                f" {other.get(key, 'not there')}"
            )


def _leaves(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{where}.{key}".removeprefix("."))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for i, item in enumerate(value):
            yield from _leaves(
                item, f"{where}.{item.get('id', i) if isinstance(item, Mapping) else i}"
            )
    else:
        text = str(value)
        yield where, text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def estimate_changes(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[str]:
    """Say which estimates moved, by how many of their standard errors, the largest
    first.
    """
    one, other = (
        frame.drop_duplicates("estimate_id").set_index("estimate_id")
        for frame in (old, new)
    )
    missing = one.index.difference(other.index)
    come = other.index.difference(one.index)
    both = one.index.intersection(other.index)
    before = one.loc[both, "estimate"]
    after = other.loc[both, "estimate"]
    moved = ~np.isclose(before, after, rtol=1e-6, atol=DUST, equal_nan=True)
    yield (
        f"estimates: {moved.sum()} of {len(both)} moved, {len(come)} new, {len(missing)}"
        " gone"
    )
    size = ((after - before).abs() / one.loc[both, "std_error"])[moved].fillna(0)
    for row in size.sort_values(ascending=False, kind="stable").index[:SHOWN]:
        labels = [
            other.loc[row, name]
            for name in ("family", "spec_id", "term", "contrast", "period")
        ]
        words = " ".join(str(text) for text in labels if not pd.isna(text) and text)
        errors = f", {size[row]:.2f} standard errors" if size[row] else ""
        yield f"  {words}: {_cell(before[row])} -> {_cell(after[row])}{errors}"


def answer_changes(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[str]:
    """Say which answers changed."""
    one, other = (frame.set_index("id")["answer"] for frame in (old, new))
    for name in sorted(set(one.index) | set(other.index)):
        if one.get(name, "not there") != other.get(name, "not there"):
            yield (
                f"answer {name}: {one.get(name, 'not there')} ->"
                f" {other.get(name, 'not there')}"
            )
