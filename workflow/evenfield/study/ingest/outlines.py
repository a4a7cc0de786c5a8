"""Outlines of the units for a map, where a study has them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from evenfield.study.errors import IngestError, counted, first_examples
from evenfield.study.files import not_a_file
from evenfield.study.ingest.dictionary import read_resources

EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}


def read_outlines(package: str | Path) -> dict[str, object]:
    """Read the GeoJSON outlines that the dictionary names."""
    paths = [
        r.path for r in read_resources(package).values() if r.path.endswith(".geojson")
    ]
    if not paths:
        return EMPTY
    file = Path(package).parent / paths[0]
    if not file.is_file():
        raise IngestError(
            not_a_file(file, paths[0]),
            "the outlines that datapackage.json names",
            "restore the file or drop its resource",
        )
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        ordered = sorted(
            features, key=lambda feature: str(feature["properties"]["unit"])
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise IngestError(
            f"{paths[0]} holds no outlines",
            "a GeoJSON feature collection whose properties name `unit`",
            "correct the file or drop its resource",
        ) from None
    return {"type": "FeatureCollection", "features": ordered}


def check_outlines(outlines: dict[str, Any], units: list[str]) -> None:
    """Refuse outlines of units that the study does not have, two of one unit, and what
    is no polygon in degrees.
    """
    named = [str(feature["properties"]["unit"]) for feature in outlines["features"]]
    unknown = sorted(set(named) - set(units))
    if unknown:
        raise IngestError(
            f"the outlines name {counted(len(unknown), 'unknown unit')}"
            f" ({first_examples(unknown)})",
            "units of units.csv",
            "correct the id",
        )
    twice = sorted({name for name in named if named.count(name) > 1})
    shapes = zip(named, outlines["features"], strict=True)
    if wrong := twice or [
        name for name, feature in shapes if not _is_polygon(feature.get("geometry"))
    ]:
        expected = (
            "one Polygon or MultiPolygon a unit, closed rings of longitudes and"
            " latitudes in degrees"
        )
        raise IngestError(
            f"the outlines of {first_examples(wrong)} are in disorder",
            expected,
            "correct the GeoJSON",
        )


def outlines_missing(outlines: dict[str, Any], units: list[str]) -> str:
    """Say which units have no outline in a map that has those of others."""
    named = {str(feature["properties"]["unit"]) for feature in outlines["features"]}
    missing = sorted(set(units) - named)
    if not named or not missing:
        return ""
    count = (
        f"{len(missing)} unit has"
        if len(missing) == 1
        else f"{len(missing)} units have"
    )
    return f"{count} no outline on the map ({first_examples(missing)})"


def _is_polygon(geometry: Any) -> bool:
    try:
        several = {"Polygon": False, "MultiPolygon": True}[geometry["type"]]
        parts = geometry["coordinates"] if several else [geometry["coordinates"]]
        rings = [
            np.array([point[:2] for point in ring], float)
            for part in parts
            for ring in part
        ]
    except (ValueError, KeyError, TypeError, OverflowError):
        return False
    # A closed ring repeats its first point: three corners are four points.
    sizes = all(
        ring.ndim == 2
        and ring.shape[1] == 2
        and len(ring) >= 4
        and bool((ring[0] == ring[-1]).all())
        for ring in rings
    )
    return (
        bool(rings)
        and sizes
        # GeoJSON writes longitude before latitude.
        and all((np.abs(ring) <= (180, 90)).all() for ring in rings)
    )
