"""TopoJSON, in which neighbours share their border, as features of GeoJSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np

DECIMALS = 5  # of a degree
MOST_DEGREES = 1e9  # larger numbers are neither degrees nor metres


def features_of(content: dict[str, Any]) -> list[dict[str, object]]:
    """Return the polygons of a topology: of its object with the most of them."""
    arcs = _arcs(content)
    return [_feature(geometry, arcs) for geometry in _largest(content)]


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
