"""Features of a map: GeoJSON, and shapefiles or GeoPackages where geopandas is there."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.newstudy.cells import cell_text
from evenfield.study.errors import IngestError

MAPS = "GeoJSON, a shapefile (.shp) or a GeoPackage (.gpkg)"
GEOPANDAS = {".shp", ".gpkg"}
DECIMALS = 5  # of a degree
MOST_DEGREES = 1e9  # larger numbers are neither degrees nor metres


def read_features(path: Path) -> list[dict[str, object]]:
    """Read the features of a GeoJSON file, or of one that geopandas reads."""
    if not path.is_file():
        raise IngestError(f"no file {path.name}", MAPS, "correct the path")
    if path.suffix.lower() in GEOPANDAS:
        return _features_of_geopandas(path)
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        content = None
    content = content if isinstance(content, dict) else {}
    if content.get("type") == "Topology":
        return topology_features(content, path.name)
    features: list[Any] = content.get("features") or []
    kinds = {*map(type, features)} if isinstance(features, list) else set()
    if kinds != {dict}:
        raise IngestError(
            f"{path.name} holds no outlines",
            "a GeoJSON feature collection of polygons, or TopoJSON",
            "convert the file, for example with `ogr2ogr map.geojson FILE`",
        )
    return list(features)


def topology_features(content: dict[str, Any], file: str) -> list[dict[str, object]]:
    """Return the polygons of a TopoJSON file as GeoJSON features: of its object with the
    most of them.
    """
    try:
        arcs = _arcs(content)
        return [_feature(geometry, arcs) for geometry in _largest(content)]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        raise IngestError(
            f"{file} is TopoJSON that cannot be read",
            "an object with polygons, and their arcs",
            "convert the file, for example with `ogr2ogr map.geojson FILE`",
        ) from None


def undrawn_features(content: dict[str, Any]) -> list[dict[str, object]]:
    """Return the same features without their polygons, which take most of the time."""
    return [_feature({**geometry, "type": None}, []) for geometry in _largest(content)]


def _largest(content: dict[str, Any]) -> list[dict[str, Any]]:
    objects = content["objects"].values()
    return max((list(item.get("geometries", [])) for item in objects), key=len)


def _arcs(content: dict[str, Any]) -> list[list[list[float]]]:
    """Return the arcs of a topology in degrees: each point is a step from the one before
    on a grid, or a place where there is no grid.
    """
    grid = content.get("transform")
    if grid is None:
        return [[list(point[:2]) for point in arc] for arc in content["arcs"]]
    arcs = []
    for arc in content["arcs"]:
        with np.errstate(all="ignore"):  # what is beyond all numbers is no degree
            steps = np.cumsum([point[:2] for point in arc], axis=0, dtype=float)
            places = steps * np.array(grid["scale"]) + np.array(grid["translate"])
        if not (np.abs(places) <= MOST_DEGREES).all():
            raise ValueError("coordinates that are no degrees")
        arcs.append(places.round(DECIMALS).tolist())
    return arcs


def _feature(geometry: dict[str, Any], arcs: list[Any]) -> dict[str, object]:
    kind = geometry.get("type")
    feature: dict[str, object] = {
        "type": "Feature",
        "properties": geometry.get("properties", {}),
        "geometry": None,
    }
    if "id" in geometry:
        feature["id"] = geometry["id"]
    if kind in ("Polygon", "MultiPolygon"):
        polygons = [geometry["arcs"]] if kind == "Polygon" else geometry["arcs"]
        drawn = [[_ring(ring, arcs) for ring in rings] for rings in polygons]
        feature["geometry"] = {"type": "MultiPolygon", "coordinates": drawn}
    return feature


def _ring(numbers: Sequence[int], arcs: list[Any]) -> list[Any]:
    """Return the points of a ring: arcs one after another, ~n is arc n from its end."""
    points: list[Any] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        # An arc begins where the one before it ended.
        points += arc[1:] if points else arc
    return points


def property_table(features: Sequence[dict[str, object]]) -> pd.DataFrame:
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
    return pd.DataFrame(rows, index=range(len(rows)), dtype=str).fillna("")


def _features_of_geopandas(path: Path) -> list[dict[str, object]]:
    try:
        frame = import_module("geopandas").read_file(path)
    except ImportError:
        raise IngestError(
            f"{path.name} needs the package geopandas",
            "that package in evenfield's environment",
            "install it (`.venv/bin/python -m pip install geopandas`) or convert the"
            " file with `ogr2ogr map.geojson FILE`",
        ) from None
    except Exception as error:
        reason = " ".join(str(error).split())[:100]
        raise IngestError(
            f"{path.name} cannot be read ({reason})",
            f"{MAPS} with its side files",
            "save it again, or as GeoJSON",
        ) from None
    # Without a stated projection the outlines must be degrees already.
    degrees = frame if frame.crs is None else frame.to_crs("EPSG:4326")
    return list(json.loads(degrees.to_json(drop_id=True))["features"])
