"""Spatial weights in files: GAL and GWT of GeoDa, and CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from evenfield.study.errors import WeightsError

EDGES = ["unit", "neighbour", "weight"]


def read_weights(path: Path) -> tuple[pd.DataFrame, list[str] | None]:
    """Return the links of a file and, where it names units without a link too, all ids."""
    readers: dict[str, Callable[[str], tuple[pd.DataFrame, list[str] | None]]] = {
        ".gal": _gal,
        ".gwt": _gwt,
    }
    try:
        if path.suffix.lower() == ".csv":
            return _csv(path), None
        return readers[path.suffix.lower()](path.read_text(encoding="utf-8-sig"))
    except KeyError:
        fault = f"weights in {path}"
    except OSError as error:
        fault = f"weights in {path}: {error.strerror}"
    except (ValueError, StopIteration):
        fault = f"weights in {path} that cannot be read"
    raise WeightsError(
        fault,
        "a .gal, .gwt or .csv file of links or of a square of weights",
        "correct the file or its path",
    )


def _csv(path: Path) -> pd.DataFrame:
    """Read links, or a square whose first column has the ids of its header."""
    # Ids are text: 01 keeps its zero, and NA is Namibia.
    table = pd.read_csv(path, dtype=str, keep_default_na=False).replace("", None)
    first = table.columns[0]
    if table[first].tolist() == table.columns[1:].tolist():
        return table.set_index(first).astype(float)
    return table.astype(dict.fromkeys(table.columns[2:], float))


def _gal(text: str) -> tuple[pd.DataFrame, list[str]]:
    """Read a header, then for each unit its id, the number of its neighbours and their
    ids.
    """
    # Line ends mean nothing: long lists of neighbours may be broken.
    words = iter(text.partition("\n")[2].split())
    ids = []
    links = []
    for unit in words:
        ids.append(unit)
        count = int(next(words))
        links += [(unit, next(words), 1.0) for _ in range(count)]
    return pd.DataFrame(links, columns=EDGES), ids


def _gwt(text: str) -> tuple[pd.DataFrame, None]:
    """Read a header, then lines of unit, neighbour and weight."""
    lines = [line.split() for line in text.splitlines()[1:] if line.strip()]
    if any(len(line) != len(EDGES) for line in lines):
        raise ValueError
    links = pd.DataFrame(lines, columns=EDGES)
    return links.astype({"weight": float}), None
