"""Other files about the units of a study: which unit is meant, figures for it, its
polygon and who touches it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from shapely import STRtree, make_valid
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from evenfield.study.errors import Faults, IngestError, counted, first_examples
from evenfield.study.ingest.any_table import (
    cell_text,
    number_text,
    numbers_of,
    read_any,
)
from evenfield.study.ingest.guess import YEAR_COLUMN, long_table, no_numbers
from evenfield.study.ingest.unit_names import UnitMatch, match_units, named_units

# The bureau of statistics of China names the indicator above its table.
INDICATOR = re.compile(r"指标\s*[:：]\s*(.+)")
# Degrees, with a little room for outlines that touch the edge of the map.
LARGEST_LON = 180.001
LARGEST_LAT = 90.001


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one column, from a file."""

    label: str  # what the file says that it holds
    column: str  # column of the study
    # ``unit``, ``year`` (0 where the file has none) and ``value`` as text; sorted, none
    # blank
    values: pd.DataFrame
    note: str  # note of their provenance
    table: str  # table that they belong to
    unknown: tuple[str, ...]  # names that are no units of the study


def columns_of(path: Path) -> list[str]:
    """Return the columns of a file."""
    return list(read_any(path).frame.columns)


def by_unit(
    path: Path, units: pd.DataFrame, headers: Sequence[str] = (), column: str = ""
) -> tuple[UnitMatch, pd.DataFrame]:
    """Read a table about units; return which column named them, and the table with
    their ids in its place.
    """
    frame = read_any(path).frame
    asked = column if column in frame else ""
    match = match_units(
        frame,
        units,
        path.name,
        headers=headers,
        column=asked,
    )
    named = frame.drop(columns=[match.column, "unit"], errors="ignore")
    return match, named.assign(unit=match.ids).dropna(subset=["unit"])


def read_figures(
    path: Path,
    units: pd.DataFrame,
    named: Sequence[str],
    zeros: str,
    headers: Sequence[str] = ("unit",),
) -> Figures:
    """Read one column for units and years, or for units alone where the file has no
    years.
    """
    table = read_any(path)
    above = filter(None, map(INDICATOR.match, table.above))
    indicator = next((match[1].strip() for match in above), "")
    if indicator:
        named = [_column_for(indicator, table.frame, path.name, named)]
    if len(named) > 1:
        raise IngestError(
            f"{len(named)} columns of {path.name} are asked for",
            "one, except for a download of the bureau",
            "run the command once for each column",
        )
    name, _, column = named[0].partition("=")
    try:
        frame, year = long_table(
            table.frame,
            {},
            [],
            least=1 if indicator else 2,
        )
    except IngestError:
        frame = table.frame
        year = ""
    texts = frame.drop(columns=year or [])
    match = match_units(texts, units, path.name, headers=headers)
    ids = match.ids
    others = [other for other in frame.columns if other not in {match.column, year}]
    wanted = (column or name).casefold()
    same = [other for other in others if other.casefold() == wanted]
    figures = [other for other in others if numbers_of(frame[other]) is not None]
    # A file with one column of figures, or with one column at all, needs no name.
    alone = [] if column else [one for one in (figures, others) if len(one) == 1]
    chosen = next(iter([*same, *chain(*alone)]), None)
    if chosen is None:
        raise IngestError(
            f"{path.name} has no column {column or name}",
            f"one of {first_examples(others, 12)}",
            f"name it: {name}=COLUMN",
        )
    cells = frame[chosen]
    values = numbers_of(cells)
    if values is None and year and _is_steady(cells, ids):
        # Words that never change describe units: one row of each is kept, without year.
        rows = cells.str.strip().ne("") & ids.notna() & ~ids.duplicated()
        cells = cells[rows]
        ids = ids[rows]
        year = ""
    if values is None and year:
        wrong = no_numbers(cells)[1]
        where = ""
        if wrong.size:
            row = wrong.index[0]
            where = f" ('{wrong.iloc[0]}', {ids[row]} {frame[year][row]})"
        raise IngestError(
            f"{chosen} of {path.name} has {counted(wrong.size, 'cell')} that"
            f" {'is' if wrong.size == 1 else 'are'} no number{where}",
            "numbers or blanks",
            "correct the cells",
        )
    if indicator and zeros == "missing" and values is not None:
        values = values.mask(values.eq(0))
    texts = cells.str.strip() if values is None else values.map(number_text)
    years = frame[year].str[:4].astype(int) if year else 0
    held = pd.DataFrame(
        {
            "unit": ids,
            "year": years,
            "value": texts,
        }
    ).dropna()
    held = held[held["value"].ne("")].sort_values(["unit", "year"], ignore_index=True)
    twice = held[held.duplicated(["unit", "year"])]
    if len(twice):
        raise IngestError(
            f"{path.name} has {len(twice)} rows twice ({twice['unit'].iloc[0]}"
            f" {twice['year'].iloc[0] or ''})",
            "one row per unit" + (" and year" if year else ""),
            "remove one",
        )
    origin = f"Download of the bureau, indicator {indicator}."
    return Figures(
        label=indicator or table.labels.get(chosen, chosen),
        column=name,
        values=held,
        note=origin if indicator else f"From {path.name}.",
        table="panel.csv" if year else "units.csv",
        unknown=match.unknown,
    )


def _is_steady(texts: pd.Series, ids: pd.Series) -> bool:
    """Say whether words do not change over the years, so that they describe units."""
    held = texts.str.strip()
    held = held[held.ne("") & ids.notna()]
    several = len(held) > ids.nunique() and not held.str.fullmatch(r"[\d.,\s]+").any()
    return bool(several and held.groupby(ids).nunique().le(1).all())


def _column_for(
    indicator: str, frame: pd.DataFrame, file: str, named: Sequence[str]
) -> str:
    """Return the column of an indicator: given as ``NAME``, or one of several as
    ``INDICATOR=NAME``.
    """
    columns = {}
    for text in named:
        label, _, name = text.rpartition("=")
        columns[label or indicator] = name
    if indicator not in columns:
        raise IngestError(
            f"{file} holds the indicator '{indicator}'",
            f"one of {first_examples(list(columns))}",
            "give its column of panel.csv or choose another file",
        )
    wrong = [
        column for column in frame.columns[1:] if not YEAR_COLUMN.fullmatch(column)
    ]
    if wrong:
        raise IngestError(
            f"{file} has {len(wrong)} column that is no year ({first_examples(wrong)})",
            "columns such as 2019年",
            "download it by year, not by quarter or month",
        )
    return columns[indicator]


def outlines_of(
    features: Sequence[dict[str, Any]], match: UnitMatch, units: pd.DataFrame, file: str
) -> tuple[dict[str, Any], dict[str, BaseGeometry], list[str]]:
    """Return outlines of the units as GeoJSON whose properties name the unit and nothing
    else, shapes by unit, and what the user should know of them.
    """
    rows = match.ids.dropna()
    twice = sorted(set(rows[rows.duplicated()]))
    missing = [unit for unit in units["unit"] if unit not in set(rows)]
    faults = Faults()
    if twice:
        faults.append(
            IngestError(
                f"{file} has several outlines of {counted(len(twice), 'unit')} by"
                f" column {match.column} ({first_examples(named_units(twice, units))})",
                "one for each unit",
                "join or rename them, or name another column with --match",
            )
        )
    if missing:
        others = first_examples(list(match.unknown), 6)
        unused = f"; outlines that are no units: {others}" if others else ""
        faults.append(
            IngestError(
                f"{file} has no outline of {counted(len(missing), 'unit')} by"
                f" column {match.column}"
                f" ({first_examples(named_units(missing, units), 6)}){unused}",
                "one for each unit",
                "correct the names, or leave these units out with --leave-out",
            )
        )
    faults.refuse()
    unit_of_row = {unit: row for row, unit in rows.items()}
    shapes = {unit: _shape(features[unit_of_row[unit]]) for unit in sorted(unit_of_row)}
    polygons = {
        unit: make_valid(drawn)
        for unit, drawn in shapes.items()
        if drawn and "Polygon" in drawn.geom_type and not drawn.is_empty
    }
    flat = [unit for unit in shapes if unit not in polygons]
    if flat:
        raise IngestError(
            f"{file} has no polygon for {first_examples(named_units(flat, units))}",
            "a polygon for each unit",
            "correct the file",
        )
    for unit, polygon in polygons.items():
        west, south, east, north = polygon.bounds
        if max(-west, east) > LARGEST_LON or max(-south, north) > LARGEST_LAT:
            raise IngestError(
                f"{file} has coordinates that are no degrees"
                f" ({unit}: {west:g}, {south:g})",
                "longitude and latitude (EPSG:4326)",
                "convert it, for example with `ogr2ogr -t_srs EPSG:4326`",
            )
    outlines = [
        {
            "type": "Feature",
            "properties": {"unit": unit},
            "geometry": features[unit_of_row[unit]]["geometry"],
        }
        for unit in polygons
    ]
    messages = [
        f"{file}: outlines of {counted(len(polygons), 'unit')} by column"
        f" {match.column}",
        *match.messages,
    ]
    if match.unknown:
        messages.append(
            f"{file}: outlines that are no units, left out:"
            f" {first_examples(list(match.unknown), 6)}"
        )
    return {"type": "FeatureCollection", "features": outlines}, polygons, messages


def read_features(path: Path) -> list[dict[str, Any]]:
    """Read the features of a GeoJSON file."""
    if not path.is_file():
        raise IngestError(f"no file {path.name}", "GeoJSON", "correct the path")
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        content = None
    content = content if isinstance(content, dict) else {}
    features = content.get("features")
    kinds = {*map(type, features)} if isinstance(features, list) else set()
    if kinds != {dict}:
        is_topology = content.get("type") == "Topology"
        raise IngestError(
            f"{path.name} {'is TopoJSON' if is_topology else 'holds no outlines'}",
            "a GeoJSON feature collection of polygons",
            "convert the file, for example with `ogr2ogr map.geojson FILE`",
        )
    return list(features)


def property_table(features: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the properties of features as text, and the id of each as ``id``; blank
    where a feature lacks one.
    """
    rows = list[dict[str, str]]()
    for feature in features:
        properties = feature.get("properties")
        entries = dict(properties) if isinstance(properties, dict) else {}
        own = feature.get("id")
        if own is not None:
            entries["id" if "id" not in entries else "id of the feature"] = own
        texts = {
            str(name): cell_text(value)
            for name, value in entries.items()
            if not isinstance(value, (dict, list))
        }
        rows.append(texts)
    return pd.DataFrame(
        rows,
        index=range(len(rows)),
        dtype=str,
    ).fillna("")


def _shape(feature: dict[str, Any]) -> BaseGeometry | None:
    try:
        return shape(feature["geometry"])
    except Exception:
        return None


def borders_of(
    shapes: dict[str, BaseGeometry],
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the pairs of units that touch, and pairs with the nearest unit for those
    that touch none.
    """
    names = list(shapes)
    polygons = list(shapes.values())
    # Any common point makes a border, a corner, too: queen contiguity.
    first, second = STRtree(polygons).query(polygons, predicate="intersects")
    pairs = sorted(
        [names[i], names[j]]
        for i, j in zip(
            first,
            second,
            strict=True,
        )
        if i < j
    )
    joins = []
    for unit in sorted(set(names) - set(chain(*pairs))):
        # Between outlines and in degrees, not between centres in kilometres.
        distances = {
            other: shapes[unit].distance(shapes[other])
            for other in names
            if other != unit
        }
        joins.append([unit, min(distances, key=distances.__getitem__)])
    return pairs, joins
