"""What `new` needs of polygons and of other files about units: which unit is meant, who touches whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from shapely import STRtree, make_valid
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from evenfield.study.errors import IngestError, first_examples


def match_units(frame: pd.DataFrame, units: pd.DataFrame, file: str) -> tuple[str, pd.Series]:
    """Return the column of a table that names most units, by id or by name, and the ids it names."""
    known = {str(name).casefold(): unit for name, unit in zip(units["name"], units["unit"], strict=True)}
    known |= {str(unit).casefold(): unit for unit in units["unit"]}
    cells = {name: frame[name].str.strip().str.casefold() for name in frame}
    found = {
        name: column.map(lambda text: known.get(text, known.get("_".join(text.split()))))
        for name, column in cells.items()
    }
    best = max(found, key=lambda name: found[name].notna().sum(), default="")
    if not best or found[best].notna().sum() == 0:
        raise IngestError(
            f"no column of {file} names the units of the panel",
            f"ids such as {units['unit'].iloc[0]}",
            "add a column with these ids or names",
        )
    return best, found[best]


def read_polygons(path: Path, units: pd.DataFrame) -> tuple[dict[str, Any], dict[str, BaseGeometry]]:
    """Read outlines of the units: GeoJSON whose properties name the unit and nothing else, and shapes by unit."""
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        told = pd.DataFrame([feature["properties"] or {} for feature in features]).astype(str)
        shapes = [shape(feature["geometry"]) for feature in features]
    except OSError:
        raise IngestError(f"no file {path.name}", "GeoJSON", "correct the path") from None
    except Exception:
        raise IngestError(
            f"{path.name} holds no outlines", "a GeoJSON feature collection of polygons", "correct it"
        ) from None
    _, ids = match_units(told, units, path.name)
    kept = {unit: i for i, unit in enumerate(ids) if isinstance(unit, str)}
    flat = [unit for unit, i in kept.items() if "Polygon" not in shapes[i].geom_type or shapes[i].is_empty]
    lost = [unit for unit in units["unit"] if unit not in kept]
    if flat or lost or len(kept) < ids.notna().sum():
        raise IngestError(
            f"{path.name} has no polygon, or two, for {first_examples(flat or lost) or 'a unit'}",
            "one polygon for each unit",
            "correct the file",
        )
    features = [
        {"type": "Feature", "properties": {"unit": unit}, "geometry": features[i]["geometry"]}
        for unit, i in sorted(kept.items())
    ]
    return {"type": "FeatureCollection", "features": features}, {
        unit: make_valid(shapes[kept[unit]]) for unit in sorted(kept)
    }


def borders_of(shapes: dict[str, BaseGeometry]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the pairs of units that touch, and pairs with the nearest unit for those that touch none."""
    names, polygons = list(shapes), list(shapes.values())
    first, second = STRtree(polygons).query(polygons, predicate="intersects")
    pairs = sorted([names[i], names[j]] for i, j in zip(first, second, strict=True) if i < j)
    alone = sorted(set(names) - {unit for pair in pairs for unit in pair})
    near = {
        unit: min((other for other in names if other != unit), key=lambda o: shapes[unit].distance(shapes[o]))
        for unit in alone
    }
    return pairs, [[unit, other] for unit, other in near.items()]
