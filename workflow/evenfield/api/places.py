"""Where units lie, for a map: outlines of anyone's, or points."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.longitudes import Cut, outline_rings

TAKEN = (
    "the path of a GeoJSON file, its dict, a GeoDataFrame, or a DataFrame with columns"
    " lat and lon, by unit"
)


class Places(NamedTuple):
    """Rings of longitude and latitude by unit, (k, 2) each; a point is a ring of one."""

    rings: dict[str, list[np.ndarray]]

    def of(self, units: pd.Index[Any]) -> Places:
        """Return the places, and refuse units that have none."""
        names = [str(unit) for unit in units]
        lacking = sorted({*names} - {*self.rings})
        if lacking:
            others = sorted({*self.rings} - {*names})
            example = f" such as {others[0]}" if others else ""
            raise EstimateError(
                f"{counted(len(lacking), 'unit')} without a place on the map"
                f" ({first_examples(lacking)})",
                f"ids of the outlines{example}",
                "correct the ids, or name their property with unit=",
            )
        return self


def places_of(outlines: object, unit: str = "unit") -> Places:
    """Return the places of units: of outlines in GeoJSON by the property that names the
    unit, or else by their id; of points by the column or the index.
    """
    if isinstance(outlines, pd.DataFrame) and {"lat", "lon"} <= {*outlines}:
        return _points(outlines, unit)
    if isinstance(outlines, str | Path):
        outlines = _read(Path(outlines))
    # GeoDataFrames and others say in GeoJSON what they are.
    collection = getattr(outlines, "__geo_interface__", outlines)
    if not isinstance(collection, Mapping) or "features" not in collection:
        raise EstimateError(
            f"outlines of type {type(outlines).__name__}", TAKEN, "give one of them"
        )
    geometries = {}
    for feature in collection["features"]:
        properties = feature.get("properties") or {}
        name = str(properties.get(unit, feature.get("id", "")))
        if name in geometries:
            raise EstimateError(
                f"two outlines of {name or f'no {unit}'}",
                f"one for each unit, with its id in the property {unit!r}",
                "merge them, or name another property with unit=",
            )
        geometries[name] = feature["geometry"]
    wrong = [n for n, shape in geometries.items() if not _is_area(shape)]
    if wrong or not geometries:
        raise EstimateError(
            f"{counted(len(wrong), 'outline')} that are no areas"
            f" ({first_examples(wrong)})",
            "a Polygon or MultiPolygon in degrees for each unit",
            "correct the outlines",
        )
    cut = Cut.around(r for shape in geometries.values() for r in outline_rings(shape))
    return Places({name: cut.rings(shape) for name, shape in geometries.items()})


def _is_area(geometry: Any) -> bool:
    named = isinstance(geometry, Mapping) and geometry.get("type")
    return named in ("Polygon", "MultiPolygon")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = "is not there" if isinstance(error, OSError) else "is no GeoJSON"
        raise EstimateError(
            f"{path.name}, which {reason}", TAKEN, "correct the path"
        ) from None


def _points(table: pd.DataFrame, unit: str) -> Places:
    """Return points as rings of one, longitudes side by side."""
    table = table.set_index(unit) if unit in table else table
    places = table[["lon", "lat"]].groupby(level=0).first().dropna()
    points = {
        str(name): row[None, :]
        for name, row in zip(places.index, places.to_numpy(float), strict=True)
    }
    cut = Cut.around(points.values())
    return Places({name: [cut.placed(point)] for name, point in points.items()})
