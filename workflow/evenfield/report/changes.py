"""What differs between two states of a study: cells of tables, keys of the config,
estimates and answers.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import counted, first_examples
from evenfield.study.files import Record
from evenfield.study.table_files import read_table, write_table

DUST = 1e-9  # a smaller change of an estimate is none
SHOWN = 5  # estimates that are named
LONGEST = 60  # letters of a row or a value that is named
# Columns that may identify the rows of a table; the first that do are its key.
_KEYS = (
    "unit year,taxonomy unit,zone,unit measure,unit_i unit_j,source,variable units"
    " first_year,programme unit,unit"
)
KEYS = [names.split() for names in _KEYS.split(",")]
ABSENT = "not there"


def as_ingested(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables as they read after being written, so that they compare with those
    of a run.
    """
    # Writing rounds numbers and makes blanks of missing ones.
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
    key = _key(old[columns], new[columns])
    one = old[columns].drop_duplicates(key).set_index(key)
    other = new[columns].drop_duplicates(key).set_index(key)
    missing = one.index.difference(other.index)
    added = other.index.difference(one.index)
    for word, rows in (("gone", missing), ("new", added)):
        if len(rows):
            examples = first_examples([_named(row) for row in rows])
            yield f"{name}: {counted(len(rows), 'row')} {word} ({examples})"
    both = one.index.intersection(other.index)
    for column in map(str, one):
        yield from _cell_changes(name, one.loc[both, column], other.loc[both, column])


def _key(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Return the columns that identify the rows of both tables, all where none do."""
    for key in KEYS:
        twice = [
            frame.duplicated(key).any() for frame in (old, new) if {*key} <= {*old}
        ]
        if twice == [False, False]:
            return key
    return list(map(str, old))


def _cell_changes(name: str, before: pd.Series, after: pd.Series) -> Iterator[str]:
    numeric = all(map(pd.api.types.is_numeric_dtype, (before, after)))
    if not numeric:
        before = before.fillna("").astype(str)
        after = after.fillna("").astype(str)
    moved = before.ne(after) & ~(before.isna() & after.isna())
    if not moved.any():
        return
    size = pd.Series(0.0, before[moved].index)
    if numeric:
        # A change from zero, or from or to a blank, has no size and is shown first.
        with np.errstate(divide="ignore", invalid="ignore"):
            size = (after[moved] / before[moved] - 1).abs().fillna(np.inf)
    first = size.sort_values(ascending=False, kind="stable").index[:3]
    cells = "; ".join(
        f"{_named(row)}: {_cell(before[row])} -> {_cell(after[row])}" for row in first
    )
    largest = f", largest {size.max():.2%}" if numeric and size.max() < np.inf else ""
    count = counted(int(moved.sum()), "cell")
    yield f"{name}: {count} of {before.name} changed{largest} ({cells})"


def _named(row: object) -> str:
    return _shortened(" ".join(map(_cell, row if isinstance(row, tuple) else (row,))))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "blank" if pd.isna(value) else f"{value:.12g}"
    return str(value) or "blank"


def config_changes(old: Record, new: Record) -> Iterator[str]:
    """Say which keys of the config differ."""
    yield from _entry_changes("config: {}:", _leaves(old, ""), _leaves(new, ""))


def _entry_changes(
    label: str, old: Iterable[tuple[object, str]], new: Iterable[tuple[Any, str]]
) -> Iterator[str]:
    before = dict(old)
    after = dict(new)
    for key in sorted({*before, *after}):
        one = before.get(key, ABSENT)
        other = after.get(key, ABSENT)
        if one != other:
            yield f"{label.format(key)} {one} -> {other}"


def _leaves(value: object, where: str) -> Iterator[tuple[str, str]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        # A specification is named by its id, so that its number in the list may change.
        for number, item in enumerate(value):
            named = isinstance(item, Mapping) and item.get("id")
            items.append((named or number, item))
    else:
        yield where, _shortened(str(value))
    for key, item in items:
        yield from _leaves(item, f"{where}.{key}".removeprefix("."))


def estimate_changes(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[str]:
    """Say which estimates moved, by how many of their standard errors, the largest
    first.
    """
    one = old.drop_duplicates("estimate_id").set_index("estimate_id")
    other = new.drop_duplicates("estimate_id").set_index("estimate_id")
    both = one.index.intersection(other.index)
    before = one.loc[both, "estimate"]
    after = other.loc[both, "estimate"]
    moved = ~np.isclose(before, after, rtol=1e-6, atol=DUST, equal_nan=True)
    yield (
        f"estimates: {moved.sum()} of {len(both)} moved, {len(other) - len(both)} new,"
        f" {len(one) - len(both)} gone"
    )
    # In standard errors, so that topics with different units of measure compare.
    size = ((after - before).abs() / one.loc[both, "std_error"])[moved].fillna(0)
    for row in size.sort_values(ascending=False, kind="stable").index[:SHOWN]:
        labels = other.loc[row, "family spec_id term contrast period".split()]
        words = " ".join(str(text) for text in labels if not pd.isna(text) and text)
        errors = f", {size[row]:.2f} standard errors" if size[row] else ""
        yield f"  {words}: {_cell(before[row])} -> {_cell(after[row])}{errors}"


def answer_changes(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[str]:
    """Say which answers changed."""
    before = old.set_index("id")["answer"]
    after = new.set_index("id")["answer"]
    yield from _entry_changes("answer {}:", before.items(), after.items())
