"""Latitude and longitude of units in degrees, however they are written; a cell that is
none is named.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

import numpy as np
import pandas as pd

from evenfield.newstudy.cells import PLAIN, is_missing, number_text
from evenfield.study.errors import IngestError, counted

LIMITS = {"lat": 90, "lon": 180}
WORDS_OF = {"lat": "latitude", "lon": "longitude"}
LETTERS = {"lat": "NS", "lon": "EW"}
NEGATIVE = "SW"
# 40.5; 40,5 S; N 40°26'46,5"; 40d 26m 46s N; -40 26.75. A letter stands before or behind.
DEGREES = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<sign>[+-])?\s*(?P<degrees>\d{1,3}(?:[.,]\d+)?)\s*[°ºd˚]?\s*"
    r"(?:(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*(?:['′’m]|\s|$|(?=[NSEW]))\s*"
    r"(?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”s]|''|′′|’’)?)?)?\s*(?P<behind>[NSEW])?",
    re.IGNORECASE,
)
MINUS = re.compile("[−–]")
SAYS_DEGREES = re.compile("lat|lon|lng|breite|laenge|länge|[纬緯经經]度", re.IGNORECASE)
MOSTLY = 0.5  # share of cells
LONGEST = 40  # letters of a cell
DECIMALS = 7


def degrees_of(cells: pd.Series, kind: str) -> tuple[pd.Series, pd.Series]:
    """Return cells as degrees of ``kind`` (lat or lon), blank where missing, and the cells
    that are none.
    """
    once = {text: _degrees(text, kind) for text in cells.unique().tolist()}
    degrees = cells.map(once).astype(float)
    missing = cells.map(is_missing)
    wrong = cells[degrees.isna() & ~missing]
    return degrees, wrong


def _degrees(text: str, kind: str) -> float:
    """Return a text in degrees; not a number where it is none."""
    bare = MINUS.sub("-", text.strip())
    found = DEGREES.fullmatch(bare) if len(bare) <= LONGEST else None
    if found is None:
        return np.nan
    letters = [found[name].upper() for name in ("before", "behind") if found[name]]
    parts = [found[name] for name in ("degrees", "minutes", "seconds")]
    given = [float(part.replace(",", ".")) for part in parts if part]
    # A fraction stands in the last part alone, and a sign beside no letter.
    broken = any(not part.isdecimal() for part in [p for p in parts if p][:-1])
    doubled = len(letters) > 1 or (letters and found["sign"])
    if broken or doubled or any(letter not in LETTERS[kind] for letter in letters):
        return np.nan
    if any(part >= 60 for part in given[1:]):
        return np.nan
    value: float = sum(part / 60.0**place for place, part in enumerate(given))
    if value > LIMITS[kind]:
        return np.nan
    south = found["sign"] == "-" or (letters and letters[0] in NEGATIVE)
    return round(-value if south else value, DECIMALS)


def degrees_among(
    units: pd.DataFrame, likely: Mapping[str, Sequence[str]], asked: Container[str]
) -> dict[str, pd.Series]:
    """Return the columns of latitude and longitude as text in degrees, by lat and lon;
    nothing where one of the two is lacking.

    ``likely`` are columns for each, ``asked`` says for which the user names it. A column
    that surely is one and has other cells is refused by the first of these.
    """
    found = dict[str, _Column]()
    for kind, names in likely.items():
        read = [_column(units, name, kind) for name in names if name in units]
        whole = [one for one in read if one.wrong.empty and one.degrees.notna().any()]
        partly = [one for one in read if kind in asked or one.is_meant()]
        if kind in asked and not any(one.is_partly_read() for one in read):
            limit = LIMITS[kind]
            raise IngestError(
                f"{names[0]}, given by --{kind}, holds no degrees of the units",
                f"degrees from -{limit} to {limit} that do not change over the years",
                "name another column",
            )
        if whole or partly:
            found[kind] = [*whole, *partly][0]
    # One coordinate alone places nothing: both or none.
    if set(found) != set(LIMITS):
        return {}
    for kind, one in found.items():
        if one.wrong.size:
            raise _no_degrees(units, found, kind)
    return {kind: one.as_text() for kind, one in found.items()}


@dataclass(frozen=True, eq=False)
class _Column:
    """A column that may hold degrees."""

    cells: pd.Series
    degrees: pd.Series  # blank where a cell is missing or none
    wrong: pd.Series  # cells that are no degrees

    def is_partly_read(self) -> bool:
        """Say whether some of its cells are degrees."""
        return bool(self.degrees.notna().any())

    def is_meant(self) -> bool:
        """Say whether its header says degrees, and most of its cells have digits."""
        says = SAYS_DEGREES.search(str(self.cells.name))
        held = self.cells[~self.cells.map(is_missing)]
        return bool(says) and held.str.contains(r"\d").mean() > MOSTLY

    def as_text(self) -> pd.Series:
        """Return the cells in degrees; those that are written so stay as they are."""
        if all(not text or PLAIN.fullmatch(text) for text in self.cells):
            return self.cells
        texts = [number_text(value) for value in self.degrees.tolist()]
        return pd.Series(texts, index=self.cells.index, name=str(self.cells.name))


def _column(units: pd.DataFrame, name: str, kind: str) -> _Column:
    return _Column(units[name], *degrees_of(units[name], kind))


def _no_degrees(
    units: pd.DataFrame, found: Mapping[str, _Column], kind: str
) -> IngestError:
    """Return the fault of the first cell of latitude or longitude that is none."""
    wrong = found[kind].wrong
    columns = {one: str(column.cells.name) for one, column in found.items()}
    unit = units.loc[wrong.index[0], "name" if "name" in units else "unit"]
    limit = LIMITS[kind]
    action = "correct the cell, or name other columns with --lat and --lon"
    if not found[kind].is_partly_read():
        action = (
            "bring metres of a projection such as UTM into degrees first, or name other"
            " columns with --lat and --lon"
        )
    if _swapped(units, columns):
        action = (
            f"the two look swapped: give --lat {quote(columns['lon'])} --lon"
            f" {quote(columns['lat'])}"
        )
    more = f" ({counted(len(wrong), 'such cell')})" if len(wrong) > 1 else ""
    return IngestError(
        f"{columns[kind]} of {unit} is '{wrong.iloc[0]}'{more}",
        f"a {WORDS_OF[kind]} from -{limit} to {limit} degrees, as 12.5, 12,5 {LETTERS[kind][1]}"
        f" or 12°30'{LETTERS[kind][1]}",
        action,
    )


def _swapped(units: pd.DataFrame, columns: Mapping[str, str]) -> bool:
    """Say whether each column holds what the other one should."""
    pairs = (("lat", columns["lon"]), ("lon", columns["lat"]))
    return all(not len(degrees_of(units[name], kind)[1]) for kind, name in pairs)
