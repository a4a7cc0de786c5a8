"""A thin outline of the world's land, drawn under maps of points, and the outlines that
come with the library.

The land is Natural Earth's at 1:110 million (``land.json``). Coordinates that do not lie
on land, as those of made-up places, have no outline beneath them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from evenfield.study.topology import features_of

LAND = Path(__file__).with_name("land.json")
OUTLINES = Path(__file__).with_name("outlines")
COARSE = 0.5  # degrees by which the coast may be off
LEAST_ON_LAND = 0.8  # share of the units


def areas_with(points: Any, shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Return the parts of areas that hold some of the points (n, 2), such as the mainland
    of a country without its islands far away; none where most points lie elsewhere.
    """
    whole = shapely.buffer(shapely.union_all(shapes), COARSE)
    if not shapes or shapely.contains_xy(whole, points).mean() < LEAST_ON_LAND:
        return []
    parts = shapely.get_parts(shapes)
    # A port lies beside its island on a coast that is drawn coarsely.
    near = shapely.STRtree(parts).query_nearest(
        shapely.points(points), all_matches=False
    )
    return [parts[number] for number in sorted({*near[1].tolist()})]


@cache
def countries() -> list[BaseGeometry]:
    """Return the countries of the world as areas."""
    content = json.loads((OUTLINES / "countries.topo.json").read_text(encoding="utf-8"))
    return polygons_of(features_of(content))


def polygons_of(features: Iterable[Mapping[str, Any]]) -> list[BaseGeometry]:
    """Return the areas of features of GeoJSON, but those without one."""
    return [
        shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        for feature in features
        if feature["geometry"]
    ]


def land_around(points: Any, project: Callable[[Any], Any], frame: Any) -> list[Any]:
    """Return rings of land as they lie on the map; none where the points do not lie on
    land; points (n, 2) in degrees, frame (4,): left, top, right and bottom of the map.
    The outermost of them lie at the frame and are no coast.
    """
    names = np.column_stack((_from_antimeridian(points[:, 0]), points[:, 1]))
    on_land = shapely.contains_xy(_land_and_coast(), names)
    if on_land.mean() < LEAST_ON_LAND:
        return []
    # Land far from the units would run through the cone's seam.
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    wide = max(east - west, north - south, 1.0)
    middle = (west + east) / 2
    near = shapely.clip_by_rect(
        _all_around(bool(middle < 0)),
        max(west - 2 * wide, middle - 180.0),
        max(south - wide, -60.0),
        min(east + 2 * wide, middle + 180.0),
        min(north + wide, 89.0),
    )
    flat = shapely.transform(near, project)
    # Twice clipped: what the cone bends may cross itself at the first edge.
    shown = shapely.clip_by_rect(shapely.make_valid(flat), *frame)
    parts = shapely.get_parts(shown)
    areas = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(areas)]


def _from_antimeridian(longitudes: Any) -> Any:
    """Return longitudes from -180 to 180."""
    return np.where(
        np.abs(longitudes) > 180.0, (longitudes + 180.0) % 360.0 - 180.0, longitudes
    )


@cache
def _all_around(west: bool) -> BaseGeometry:
    """Return the land half a turn to both sides of any meridian of the west or the east,
    whole at the antimeridian.
    """
    land = _land()
    turn = np.array([-360.0 if west else 360.0, 0.0])
    beyond = shapely.transform(land, lambda places: places + turn)
    return shapely.union_all([land, beyond])


@cache
def _land() -> BaseGeometry:
    polygons = json.loads(LAND.read_text(encoding="utf-8"))["polygons"]
    shapes = list[BaseGeometry]()
    for rings in polygons:
        degrees = [np.reshape(steps, (-1, 2)).cumsum(axis=0) / 100 for steps in rings]
        shapes.append(shapely.Polygon(degrees[0], degrees[1:]))
    return shapely.union_all(shapely.make_valid(shapes))


@cache
def _land_and_coast() -> BaseGeometry:
    return shapely.buffer(_land(), COARSE)
