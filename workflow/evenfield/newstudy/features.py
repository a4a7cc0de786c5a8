"""Features of a map: GeoJSON, and shapefiles or GeoPackages where geopandas is there."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.newstudy.cells import cell_text
from evenfield.study.errors import IngestError
from evenfield.study.topology import features_of

MAPS = "GeoJSON, a shapefile (.shp) or a GeoPackage (.gpkg)"
GEOPANDAS = {".shp", ".gpkg"}


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
        return features_of(content)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        raise IngestError(
            f"{file} is TopoJSON that cannot be read",
            "an object with polygons, and their arcs",
            "convert the file, for example with `ogr2ogr map.geojson FILE`",
        ) from None


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
