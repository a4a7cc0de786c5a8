"""Files of links between units: edge lists and squares as CSV, GAL and GWT of GeoDa."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.study.errors import WeightsError, counted, first_examples

EDGES = ["unit_i", "unit_j", "weight"]


def read_links(name: str, path: Path) -> pd.DataFrame:
    """Read an edge list or a square matrix as CSV, or the GAL and GWT files of GeoDa,
    as one row a link.
    """
    forms = (
        "a UTF-8 CSV with unit_i, unit_j, weight, a square CSV with ids at both sides,"
        " a .gal or a .gwt file"
    )
    try:
        if not path.is_file():
            raise OSError(f"no file {path}")
        text = path.read_text(encoding="utf-8-sig")
        estimates = {".gal": links_of_gal, ".gwt": links_of_gwt}.get(
            path.suffix.lower(), _from_csv
        )(text)
    except (
        OSError,
        ValueError,
        IndexError,
        StopIteration,
    ):  # pandas' own faults are ValueErrors
        raise WeightsError(
            f"weights {name}: {path} cannot be read",
            forms,
            "correct the file or its path",
        ) from None
    edges = pd.DataFrame(estimates, columns=EDGES)
    number = pd.to_numeric(edges["weight"], errors="coerce")
    # With negative weights a row would be no weighted mean of its neighbours.
    bad = ~(np.isfinite(number) & (number >= 0))
    twice = edges.duplicated(["unit_i", "unit_j"])
    if bad.any() or twice.any():
        raise WeightsError(
            f"weights {name}: {path} has {int(bad.sum())} bad weights and"
            f" {int(twice.sum())} duplicated links",
            "finite weights of at least 0, each link once",
            "correct the file",
        )
    # Zeros on the diagonal are what a square file must hold; positive ones are faults.
    own = edges[edges["unit_i"].eq(edges["unit_j"]) & (number > 0)]
    if len(own):
        raise WeightsError(
            f"weights {name}: {path} makes {counted(len(own), 'unit')} its own neighbour"
            f" ({first_examples(list(own['unit_i']))})",
            "a zero diagonal",
            "remove these lines",
        )
    return edges.assign(weight=number.astype(float))


def _from_csv(text: str) -> list[tuple[str, ...]]:
    header, *lines = [
        [cell.strip() for cell in line]
        for line in csv.reader(io.StringIO(text))
        if line
    ]
    # An edge list with or without weights, or a square whose header repeats the ids.
    if header in (EDGES, EDGES[:2]):
        links = [
            (*line, "1")[:3] for line in lines
        ]  # without a column of weights every link weighs the same
    elif header[1:] == [line[0] for line in lines]:
        links = [
            (line[0], unit, w)
            for line in lines
            for unit, w in zip(header[1:], line[1:], strict=True)
        ]
    else:
        raise ValueError
    if any(len(link) < len(header[:3]) for link in links):
        raise ValueError
    return links


def links_of_gal(text: str) -> list[tuple[str, ...]]:
    """Read a header, then for each unit a line with its id and number of neighbours and
    one with their ids.
    """
    # One iterator throughout: an id, its count, then as many ids of neighbours.
    words = iter(text.partition("\n")[2].split())
    return [(unit, next(words), "1") for unit in words for _ in range(int(next(words)))]


def links_of_gwt(text: str) -> list[tuple[str, ...]]:
    """Read a header, then lines of unit, neighbour, weight."""
    links = [tuple(line.split()) for line in text.splitlines()[1:] if line.strip()]
    if any(len(link) != len(EDGES) for link in links):
        raise ValueError
    return links
