"""Other files about the units of a study: which unit is meant, figures for it, its
polygon and who touches it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
    match = match_units(frame, units, path.name, headers=headers, column=asked)
    named = frame.drop(
        columns=[match.column, *({"unit"} & set(frame))], errors="ignore"
    )
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
    indicator = next(
        (match[1].strip() for line in table.above if (match := INDICATOR.match(line))),
        "",
    )
    if indicator:
        named = [_column_for(indicator, table.frame, path.name, named)]
    if len(named) > 1:
        fault = f"{len(named)} columns of {path.name} are asked for"
        raise IngestError(
            fault,
            "one, except for a download of the bureau",
            "run the command once for each column",
        )
    name, _, column = named[0].partition("=")
    try:
        frame, year = long_table(table.frame, {}, [], least=1 if indicator else 2)
    except IngestError:
        frame = table.frame
        year = ""
    texts = frame.drop(columns=year or [])
    match = match_units(texts, units, path.name, headers=headers)
    unit = match.column
    ids = match.ids
    others = [other for other in frame.columns if other not in {unit, year}]
    same = [
        other for other in others if other.casefold() == (column or name).casefold()
    ]
    figures = [other for other in others if numbers_of(frame[other]) is not None]
    chosen = same or (
        []
        if column
        else figures
        if len(figures) == 1
        else others
        if len(others) == 1
        else []
    )
    if not chosen:
        fault = f"{path.name} has no column {column or name}"
        raise IngestError(
            fault, f"one of {first_examples(others, 12)}", f"name it: {name}=COLUMN"
        )
    values = numbers_of(frame[chosen[0]])
    if values is None and year and _is_steady(frame[chosen[0]], ids):
        rows = frame[chosen[0]].str.strip().ne("") & ids.notna() & ~ids.duplicated()
        frame = frame[rows]
        ids = ids[rows]
        year = ""
    if values is None and year:
        wrong = no_numbers(frame[chosen[0]])[1]
        where = (
            f" ('{wrong.iloc[0]}', {ids[wrong.index[0]]} {frame[year][wrong.index[0]]})"
            if wrong.size
            else ""
        )
        fault = (
            f"{chosen[0]} of {path.name} has {counted(wrong.size, 'cell')} that"
            f" {'is' if wrong.size == 1 else 'are'} no number{where}"
        )
        raise IngestError(fault, "numbers or blanks", "correct the cells")
    if indicator and zeros == "missing" and values is not None:
        values = values.mask(values.eq(0))
    texts = frame[chosen[0]].str.strip() if values is None else values.map(number_text)
    years = frame[year].str[:4].astype(int) if year else 0
    held = pd.DataFrame({"unit": ids, "year": years, "value": texts}).dropna()
    held = held[held["value"].ne("")].sort_values(["unit", "year"], ignore_index=True)
    twice = held[held.duplicated(["unit", "year"])]
    if len(twice):
        words = (
            f"{path.name} has {len(twice)} rows twice ({twice['unit'].iloc[0]}"
            f" {twice['year'].iloc[0] or ''})"
        )
        raise IngestError(
            words, "one row per unit" + (" and year" if year else ""), "remove one"
        )
    label = indicator or table.labels.get(chosen[0], chosen[0])
    note = (
        f"Download of the bureau, indicator {indicator}."
        if indicator
        else f"From {path.name}."
    )
    return Figures(
        label=label,
        column=name,
        values=held,
        note=note,
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
    columns = {
        label or indicator: name
        for label, _, name in (text.rpartition("=") for text in named)
    }
    if indicator not in columns:
        raise IngestError(
            f"{file} holds the indicator '{indicator}'",
            f"one of {first_examples(list(columns))}",
            "give its column of panel.csv or choose another file",
        )
    if wrong := [
        column for column in frame.columns[1:] if not YEAR_COLUMN.fullmatch(column)
    ]:
        fault = (
            f"{file} has {len(wrong)} column that is no year ({first_examples(wrong)})"
        )
        raise IngestError(
            fault,
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
    flat = [
        unit
        for unit, drawn in shapes.items()
        if drawn is None or "Polygon" not in drawn.geom_type or drawn.is_empty
    ]
    if flat:
        raise IngestError(
            f"{file} has no polygon for {first_examples(named_units(flat, units))}",
            "a polygon for each unit",
            "correct the file",
        )
    polygons = {unit: make_valid(drawn) for unit, drawn in shapes.items() if drawn}
    far = [
        f"{unit}: {drawn.bounds[0]:g}, {drawn.bounds[1]:g}"
        for unit, drawn in polygons.items()
        if max(abs(drawn.bounds[0]), abs(drawn.bounds[2])) > 180.001
        or max(abs(drawn.bounds[1]), abs(drawn.bounds[3])) > 90.001
    ]
    if far:
        raise IngestError(
            f"{file} has coordinates that are no degrees ({far[0]})",
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
    if isinstance(content, dict) and content.get("type") == "Topology":
        fault = f"{path.name} is TopoJSON"
    else:
        fault = f"{path.name} holds no outlines"
    features = content.get("features") if isinstance(content, dict) else None
    if (
        not isinstance(features, list)
        or not features
        or not all(isinstance(feature, dict) for feature in features)
    ):
        raise IngestError(
            fault,
            "a GeoJSON feature collection of polygons",
            "convert the file, for example with `ogr2ogr map.geojson FILE`",
        )
    return features


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
        rows.append(
            {
                str(name): cell_text(value)
                for name, value in entries.items()
                if not isinstance(value, (dict, list))
            }
        )
    return pd.DataFrame(rows, index=range(len(rows)), dtype=str).fillna("")


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
    first, second = STRtree(polygons).query(polygons, predicate="intersects")
    pairs = sorted(
        [names[i], names[j]] for i, j in zip(first, second, strict=True) if i < j
    )
    alone = sorted(set(names) - {unit for pair in pairs for unit in pair})
    near = {
        unit: min(
            (other for other in names if other != unit),
            key=lambda o: shapes[unit].distance(shapes[o]),
        )
        for unit in alone
    }
    return pairs, [[unit, other] for unit, other in near.items()]
