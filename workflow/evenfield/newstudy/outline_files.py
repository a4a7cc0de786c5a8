"""Outlines of the units from a map: which feature is which unit, and who touches whom."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from shlex import quote
from typing import Any

import numpy as np
import pandas as pd
from shapely import STRtree, get_coordinates, make_valid
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from evenfield.newstudy.unit_names import (
    UnitMatch,
    former_states,
    named_units,
    same_flag,
)
from evenfield.study.errors import Faults, IngestError, counted, first_examples

# Degrees, with a little room for outlines that touch the edge of the map.
LARGEST_LON = 180.001
LARGEST_LAT = 90.001


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
    named = named_units(missing, units)
    former = former_states(named)
    if former:
        faults.append(
            IngestError(
                f"{file} has no outline of {first_examples(former, 6)}, states of the past",
                "units of today on a map of today",
                f"leave them out with --leave-out {' '.join(map(quote, former))}, or"
                " give a map of their time",
            )
        )
    others = [name for name in named if name not in former]
    if others:
        unknown = first_examples(list(match.unknown), 6)
        unused = f"; outlines that are no units: {unknown}" if unknown else ""
        faults.append(
            IngestError(
                f"{file} has no outline of {counted(len(others), 'unit')} by"
                f" column {match.column}"
                f" ({first_examples(others, 6)}){unused}",
                "one for each unit",
                f"say which is which, as {same_flag(others, match.unknown)}, or leave these"
                " units out with --leave-out",
            )
        )
    faults.refuse()
    unit_of_row = dict(zip(rows, rows.index, strict=True))
    shapes = {unit: _shape(features[unit_of_row[unit]]) for unit in sorted(unit_of_row)}
    endless = [
        unit
        for unit, drawn in shapes.items()
        if drawn and not np.isfinite(get_coordinates(drawn)).all()
    ]
    if endless:
        raise IngestError(
            f"{file} has coordinates that are no finite numbers"
            f" ({first_examples(named_units(endless, units))})",
            "longitude and latitude (EPSG:4326)",
            "correct the file",
        )
    polygons = {
        unit: drawn
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
        inside = -LARGEST_LON <= west <= east <= LARGEST_LON
        # Of infinite numbers, and of none, each comparison is false.
        if not (inside and -LARGEST_LAT <= south <= north <= LARGEST_LAT):
            raise IngestError(
                f"{file} has coordinates that are no degrees"
                f" ({unit}: {west:g} to {east:g}, {south:g} to {north:g})",
                "longitude and latitude (EPSG:4326)",
                "convert it, for example with `ogr2ogr -t_srs EPSG:4326`",
            )
    polygons = {unit: make_valid(drawn) for unit, drawn in polygons.items()}
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


def own_features(
    features: Sequence[dict[str, Any]], match: UnitMatch
) -> tuple[list[dict[str, Any]], UnitMatch]:
    """Return the first outline of each unit of a table that repeats them by year."""
    ids = match.ids.dropna()
    ids = ids[~ids.duplicated()]
    outlined = [row for row in ids.index if (features[row].get("geometry") or {})]
    drawn = [
        row
        for row in outlined
        if "Polygon" in str(features[row]["geometry"].get("type"))
    ]
    units = pd.Series([ids[row] for row in drawn], dtype=object)
    return [features[row] for row in drawn], replace(match, ids=units, messages=())


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
        [names[i], names[j]] for i, j in zip(first, second, strict=True) if i < j
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
