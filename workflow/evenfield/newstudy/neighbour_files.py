"""Neighbours and weights from a file of anyone's: pairs, edge lists, square tables, GAL
and GWT, with the study's own ids.

A file that names its units by numbers 1, 2, 3, ... alone is taken by position, in the
order in which the panel's file first names its units, and the user is told so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.newstudy.any_table import read_any, read_cells
from evenfield.newstudy.cells import numbers_of
from evenfield.newstudy.encodings import encoding_of
from evenfield.newstudy.unit_names import match_units, named_units, same_flag
from evenfield.study.errors import IngestError, counted, first_examples
from evenfield.study.weights.link_files import EDGES, links_of_gal, links_of_gwt

FORMS = (
    "pairs or an edge list (two or three columns), a square table with ids at both"
    " sides, a .gal or a .gwt file"
)


@dataclass(frozen=True)
class Neighbours:
    """Links between units of the study."""

    links: pd.DataFrame  # ``unit_i``, ``unit_j`` by id and ``weight`` as text
    weighted: bool  # whether the file gives weights, or only says who is a neighbour
    messages: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    links: pd.DataFrame  # as ``Neighbours``, with the file's own names of units
    texts: tuple[str, ...]  # every name of a unit, in the order of the file
    weighted: bool
    by_position: bool = False  # whether the file has no names at all


def read_neighbours(
    path: Path,
    units: pd.DataFrame,
    order: Sequence[str],
    headers: Sequence[str] = (),
    encoding: str = "",
) -> Neighbours:
    """Read links between the units; ``order`` holds the ids as the panel's file first
    names them.
    """
    file = _read(path, encoding)
    ids, messages = _ids(file, path.name, units, order, headers)
    links = file.links.assign(
        unit_i=file.links["unit_i"].map(ids), unit_j=file.links["unit_j"].map(ids)
    )
    links = links.dropna(subset=["unit_i", "unit_j"]).reset_index(drop=True)
    links = _checked(links, path.name)
    linked = links[links["weight"].astype(float) > 0]
    # Neighbours are so both ways, weights one way.
    with_neighbour = set(linked["unit_i"])
    if not file.weighted:
        with_neighbour |= set(linked["unit_j"])
    alone = [unit for unit in units["unit"] if unit not in with_neighbour]
    if alone:
        unknown = [text for text in file.texts if text not in ids]
        named = named_units(alone, units)
        others = first_examples(unknown, 6)
        unused = f"; names there that are no units: {others}" if others else ""
        raise IngestError(
            f"{path.name} has no neighbour of {counted(len(alone), 'unit')}"
            f" ({first_examples(named, 6)}){unused}",
            "at least one neighbour for each unit",
            f"say which is which, as {same_flag(named, unknown)}, add pairs, or leave these"
            " units out with --leave-out",
        )
    return Neighbours(links, file.weighted, tuple(messages))


def _read(path: Path, encoding: str) -> _File:
    ending = path.suffix.lower()
    try:
        if ending in {".gal", ".gwt"}:
            return _geoda(path, ending, encoding)
        if ending in {".dta", ".sav", ".zsav", ".parquet", ".geojson", ".json"}:
            frame = read_any(path).frame
            return _edges([list(frame.columns), *frame.to_numpy().tolist()])
        rows = read_cells(path, encoding)
        return _square(rows) or _edges(rows)
    except OSError:
        raise IngestError(f"no file {path.name}", FORMS, "correct the path") from None
    except IngestError:
        raise
    except Exception:
        raise IngestError(
            f"{path.name} holds no weights", FORMS, "save it in one of these forms"
        ) from None


def _geoda(path: Path, ending: str, encoding: str) -> _File:
    content = path.read_bytes()
    text = content.decode(encoding_of(content, encoding, path.name))
    entries = links_of_gal(text) if ending == ".gal" else links_of_gwt(text)
    links = pd.DataFrame(entries, columns=EDGES, dtype=str)
    texts = [*links["unit_i"], *links["unit_j"]]
    if ending == ".gal":
        # Units without a neighbour have a line, and no link.
        words = text.partition("\n")[2].split()
        position = 0
        owners = list[str]()
        # GAL: a unit's id, the number of its neighbours, then as many ids.
        while position + 1 < len(words):
            owners.append(words[position])
            position += 2 + int(words[position + 1])
        texts = [*owners, *texts]
    return _File(links, tuple(dict.fromkeys(texts)), weighted=True)


def _square(rows: list[list[str]]) -> _File | None:
    """Read a square table: ids at both sides in any order, above only, or none."""
    header, *body = rows
    width = max(map(len, rows))
    first = [row[0] for row in body]
    if len(header) == width - 1:  # written without a cell above the ids
        header = ["", *header]
    if len(body) >= 2 and sorted(header[1:]) == sorted(first):
        return _square_links(first, header[1:], [row[1:] for row in body])
    # Ids above only: rows come in the order of the columns.
    if len(body) == width >= 3 and all(map(_are_numbers, body)):
        return _square_links(header, header, body)
    if len(rows) == width >= 4 and all(map(_are_numbers, rows)):
        names = [str(number) for number in range(1, width + 1)]
        return _square_links(names, names, rows, by_position=True)
    return None


def _are_numbers(cells: list[str]) -> bool:
    return all(numbers_of(pd.Series([cell])) is not None for cell in cells)


def _square_links(
    rows: list[str],
    columns: list[str],
    cells: list[list[str]],
    by_position: bool = False,
) -> _File:
    table = pd.DataFrame(
        cells,
        index=rows,
        columns=columns,
        dtype=str,
    )
    values = table.apply(_weights)
    links = values.stack().reset_index().set_axis(EDGES, axis=1)
    links = links[links["weight"] != 0]  # a square has a cell for each pair
    weight = links["weight"].map("{:.15g}".format)
    return _File(links.assign(weight=weight), tuple(rows), True, by_position)


def _weights(column: pd.Series) -> pd.Series:
    if column.eq("").all():
        return pd.Series(0.0, index=column.index)
    numbers = numbers_of(column)
    if numbers is None:
        raise ValueError
    return numbers.fillna(0.0)


def _edges(rows: list[list[str]]) -> _File:
    """Read two columns of units and, where there is a third, their weights."""
    width = max(map(len, rows))
    body = pd.DataFrame(rows[1:]).fillna("").astype(str)
    if width > 3 and rows[0][0] == "":  # a column that numbers the rows
        body = body.drop(columns=0)
        width -= 1
    if width not in {2, 3} or body.empty:
        raise ValueError
    body.columns = EDGES[:width]
    numbers = numbers_of(body.get("weight", pd.Series("1", index=body.index)))
    if numbers is None:
        raise ValueError
    links = body.assign(
        unit_i=body["unit_i"].str.strip(),
        unit_j=body["unit_j"].str.strip(),
        weight=numbers.map("{:.15g}".format),
    )
    texts = dict.fromkeys([*links["unit_i"], *links["unit_j"]])
    return _File(links, tuple(text for text in texts if text), weighted=width == 3)


def _ids(
    file: _File,
    name: str,
    units: pd.DataFrame,
    order: Sequence[str],
    headers: Sequence[str],
) -> tuple[dict[str, str], list[str]]:
    """Return the unit of each name in the file, and what the user should know of it."""
    texts = pd.Series(file.texts, dtype=str)
    numbers = numbers_of(texts) if len(texts) else None
    values = set() if numbers is None else set(numbers)
    count = len(values)
    counts_rows = count > 0 and values in (set(range(count)), set(range(1, count + 1)))
    # Units may truly be called 1, 2, 3: then numbers are ids and no positions.
    same = set(texts) == set(units["unit"]) or set(texts) == set(order)
    if (counts_rows and not same) or file.by_position:
        if count != len(order):
            raise IngestError(
                f"{name} numbers {counted(count, 'unit')} and the panel has {len(order)}",
                "ids of the units, or as many numbers as units",
                "write the weights with the units' ids",
            )
        start = int(min(values))  # numbered from 0 or from 1
        placed = {text: order[int(float(text)) - start] for text in texts}
        message = (
            f"{name}: names no units, only numbers {start} to {start + count - 1};"
            " taken by position, in the order in which the panel's file first names the"
            f" units ({first_examples(list(order))})"
        )
        known = set(units["unit"])
        return {text: unit for text, unit in placed.items() if unit in known}, [message]
    frame = pd.DataFrame({"unit": texts})
    match = match_units(frame, units, name, headers=("unit", *headers))
    ids = dict(zip(texts, match.ids, strict=True))
    messages = list(match.messages)
    if match.unknown:
        messages.append(
            f"{name}: names that are no units, left out:"
            f" {first_examples(list(match.unknown), 6)}"
        )
    return {text: unit for text, unit in ids.items() if isinstance(unit, str)}, messages


def _checked(links: pd.DataFrame, name: str) -> pd.DataFrame:
    weight = links["weight"].astype(float)
    bad = ~(np.isfinite(weight) & (weight >= 0))
    own = links["unit_i"].eq(links["unit_j"]) & (weight > 0)
    twice = links.duplicated(["unit_i", "unit_j"])
    for wrong, what, expected in (
        (bad, "negative or missing weights", "weights of at least 0"),
        (own, "links of a unit with itself", "neighbours other than the unit"),
        (twice, "links that stand twice", "each link once"),
    ):
        if wrong.any():
            first = links[wrong].iloc[0]
            raise IngestError(
                f"{name} has {int(wrong.sum())} {what} ({first['unit_i']},"
                f" {first['unit_j']})",
                expected,
                "correct the file",
            )
    return links[links["unit_i"].ne(links["unit_j"])]
