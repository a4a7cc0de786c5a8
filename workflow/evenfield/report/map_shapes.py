"""The units as the map of the page draws them: outlines, or points at their coordinates
sized by population, or tiles.

Longitude and latitude go through an equal-area cone, cut where no unit lies; all units
lie inside the frame.
"""

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import Row
from evenfield.study.files import Record
from evenfield.study.land import (
    COARSE,
    areas_with,
    countries,
    land_around,
    polygons_of,
)
from evenfield.study.longitudes import (
    Cut,
    on_antimeridian,
    outline_rings,
    side_by_side,
)

Point = tuple[float, float]
WIDTH = 720.0
TALLEST = 860.0
EDGE = 4.0
TILE = 60.0  # largest side of a tile
MOST_TILES = 60  # units; a grid of more shows nothing of where they are
GRID = 0.5  # on which outlines are drawn
COVERED = 0.12  # share of the map under all points
SMALLEST = 1.6  # radius of a point
LARGEST = 26.0
# ASSUME: wider cones are opened further, so that no unit is turned by more than this.
MOST_TURNED = math.radians(60)
# ASSUME: up to this angle nobody sees that most of the map is turned.
TURNED = math.radians(10)


class Drawing(NamedTuple):
    """The units as they are drawn."""

    paths: dict[str, str]
    centres: dict[str, Point]
    height: float
    points: bool = False
    coast: str = ""  # path of the land beneath points


class Frame(NamedTuple):
    """Where the map is cut, in projected coordinates, and its scale."""

    left: float
    top: float
    scale: float
    height: float
    edge: float

    @classmethod
    def around(cls, corners: np.ndarray, edge: float) -> "Frame":
        """Return the frame of a box; corners (2, 2): least and largest x and y."""
        (left, bottom), (right, top) = corners
        wide = max(right - left, 1e-9)
        high = max(top - bottom, 1e-9)
        scale = min((WIDTH - 2 * edge) / wide, (TALLEST - 2 * edge) / high)
        # A map that is too tall stands in the middle.
        left -= ((WIDTH - 2 * edge) / scale - wide) / 2
        return cls(left, top, scale, 2 * edge + scale * high, edge)

    def on_page(self, projected: np.ndarray) -> np.ndarray:
        """Return places on the page, where y grows downwards; (n, 2) -> (n, 2)."""
        x, y = projected.T
        return np.column_stack(
            (
                self.edge + self.scale * (x - self.left),
                self.edge + self.scale * (self.top - y),
            )
        )


def drawing_of(
    results: StudyResults, units: list[Row], population: pd.Series
) -> Drawing | None:
    """Return outlines where a study has them, else points, else tiles of a few units;
    nothing where no unit has a place.
    """
    return _outlines(results, units) or _points(units, population) or _tiles(units)


def points_within(units: list[Row], outlines: Record) -> Drawing | None:
    """Return units as points of one size, in the outlines of the areas that they lie in,
    which are wholly in the map, else of their countries, else on the land; nothing where
    one has no coordinates.
    """
    given = polygons_of(outlines.get("features", []))
    return _points(units, pd.Series(dtype=float), (given, countries()))


def _outlines(results: StudyResults, units: list[Row]) -> Drawing | None:
    """Project outlines and snap them to a grid, so that neighbours keep a common border."""
    features = results.outlines()["features"]
    shapes = {str(f["properties"]["unit"]): f["geometry"] for f in features}
    written = list(chain.from_iterable(map(outline_rings, shapes.values())))
    if not written:
        return None
    cut = Cut.around(written)
    rings = {unit: _whole(cut.polygons(shape)) for unit, shape in shapes.items()}
    every = [*chain.from_iterable(rings.values())]
    project = _cone(np.concatenate(every), _mean_longitude(every))
    flat = {unit: [project(ring) for ring in parts] for unit, parts in rings.items()}
    frame = _frame([*chain.from_iterable(flat.values())])
    drawing = Drawing({}, {}, frame.height)
    for unit, parts in flat.items():
        drawn = [frame.on_page(ring) for ring in parts]
        drawing.paths[unit] = "".join(map(_path, drawn))
        # The ring with the most points is taken for the main land, not an island.
        drawing.centres[unit] = _middle(max(drawn, key=len))
    # Where a unit has coordinates, its zones stand there and not in its middle.
    for row in units:
        point = _numbers(row, "lon", "lat")
        if point and row["unit"] in rings:
            place = cut.placed(np.array([point], float))
            x, y = frame.on_page(project(place))[0]
            drawing.centres[row["unit"]] = (float(x), float(y))
    return drawing


def _points(
    units: list[Row],
    population: pd.Series,
    outlines: Sequence[Sequence[BaseGeometry]] = (),
) -> Drawing | None:
    places = [_numbers(unit, "lon", "lat") for unit in units]
    if None in places:
        return None
    points = np.array(places, float)
    points[:, 0] = side_by_side(points[:, 0])
    cone = _cone(points, points[:, 0].mean())
    flat = cone(points)
    people = population.reindex([unit["unit"] for unit in units])
    # ASSUME: without people all points are alike; their area, not their radius, grows.
    shares = people.fillna(0.0).to_numpy() if people.notna().any() else None
    if shares is None or not shares.sum():
        shares = np.ones(len(units))
    # The first outlines in which the points lie.
    around = (areas_with(points, shapes) for shapes in outlines)
    areas = next(filter(None, around), [])
    within = [flat, *(cone(shapely.get_coordinates(area)) for area in areas)]
    height = _frame(within).height
    area = COVERED * WIDTH * height * shares / shares.sum()
    radii = np.clip(np.sqrt(area / np.pi), SMALLEST, LARGEST)
    # The points at the edge of the map are whole.
    frame = _frame(within, EDGE + radii.max())
    edges = (-EDGE, -EDGE, WIDTH + EDGE, frame.height + EDGE)

    def on_page(places: np.ndarray) -> np.ndarray:
        return frame.on_page(cone(places))

    coast = _borders(areas, on_page)
    if not areas:
        coast = "".join(map(_path, land_around(points, on_page, edges)))
    drawing = Drawing({}, {}, frame.height, points=True, coast=coast)
    # Large ones first, so that small ones lie upon them.
    for i in np.lexsort((np.arange(len(units)), -radii)):
        x, y = frame.on_page(flat[[i]])[0]
        radius = radii[i]
        arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
        drawing.paths[units[i]["unit"]] = (
            f"M{x - radius:.1f} {y:.1f}{arc} {2 * radius:.1f} 0"
            f"{arc} {-2 * radius:.1f} 0z"
        )
        drawing.centres[units[i]["unit"]] = (float(x), float(y))
    return drawing


def _borders(
    areas: Sequence[BaseGeometry], on_page: Callable[[np.ndarray], np.ndarray]
) -> str:
    """Return the borders of areas as a path, each border once."""
    lines = shapely.union_all([area.boundary for area in areas])
    flat = shapely.transform(shapely.line_merge(lines), on_page)
    parts = shapely.get_parts(shapely.simplify(flat, COARSE))
    return "".join(_path(shapely.get_coordinates(line), closed=False) for line in parts)


def _tiles(units: list[Row]) -> Drawing | None:
    positions = [_numbers(unit, "tile_row", "tile_col") for unit in units]
    if None in positions or len(units) > MOST_TILES:
        return None
    grid = np.array(positions, int)
    grid -= grid.min(axis=0)
    rows, columns = grid.max(axis=0) + 1
    size = min(TILE, WIDTH / columns)
    left = (WIDTH - size * columns) / 2
    side = size - min(3, size / 4)
    drawing = Drawing({}, {}, float(size * rows))
    for unit, (row, column) in zip(units, grid.tolist(), strict=True):
        x = left + size * column
        y = size * row
        box = f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
        drawing.paths[unit["unit"]] = box
        drawing.centres[unit["unit"]] = (x + side / 2, y + side / 2)
    return drawing


def _frame(shapes: Sequence[np.ndarray], edge: float = EDGE) -> Frame:
    """Return the frame around all units; a shape (k, 2) each."""
    points = np.concatenate(shapes)
    return Frame.around(np.array([points.min(axis=0), points.max(axis=0)]), edge)


def _numbers(unit: Row, *names: str) -> list[float] | None:
    """Return some figures of a unit, or nothing where it lacks one."""
    figures = [unit.get(name, np.nan) for name in names]
    return None if any(map(pd.isna, figures)) else figures


def _whole(polygons: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Return the rings of polygons, joined where files part them at the antimeridian."""
    rings = [*chain.from_iterable(polygons)]
    if not any(map(on_antimeridian, rings)):
        return rings
    shapes = [shapely.Polygon(part[0], part[1:]) for part in polygons]
    parts = shapely.get_parts(shapely.union_all(shapely.make_valid(shapes)))
    areas = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(areas)]


def _mean_longitude(rings: Sequence[np.ndarray]) -> float:
    """Return the mean longitude of some areas, each counted by its size."""
    middles = [_middle(ring) for ring in rings]
    sizes = [
        math.cos(math.radians(lat)) * _size(ring - (lon, lat))
        for ring, (lon, lat) in zip(rings, middles, strict=True)
    ]
    return float(np.average([lon for lon, _ in middles], weights=np.add(sizes, 1e-9)))


def _size(ring: np.ndarray) -> float:
    """Return the area inside a ring, by the cross products of its corners."""
    x, y = ring.T
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2


def _cone(
    points: np.ndarray, mean_longitude: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Return Albers' projection with its parallels at a sixth of the way from the
    southern and the northern end; north is up in the middle, or where most of the map
    lies if that is far from there.
    """
    west, south = np.radians(points.min(axis=0))
    east, north = np.radians(points.max(axis=0))
    first = south + (north - south) / 6
    second = north - (north - south) / 6
    middle = (west + east) / 2
    # Snyder (1987), 14: n = (sin first + sin second) / 2, radius = sqrt(C - 2 n sin lat) / n.
    n = (math.sin(first) + math.sin(second)) / 2 or 1e-6
    mean = math.radians(mean_longitude)
    if abs(n * (mean - middle)) > TURNED:
        middle = mean
    widest = MOST_TURNED / max(east - middle, middle - west, 1e-9)
    if abs(n) > widest:
        n = math.copysign(widest, n)
        first = (south + north) / 2
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)

    def project(ring: np.ndarray) -> np.ndarray:
        lon, lat = np.radians(ring).T
        radius = np.sqrt(np.maximum(c - 2 * n * np.sin(lat), 0)) / n
        angle = n * (lon - middle)
        return np.column_stack((radius * np.sin(angle), -radius * np.cos(angle)))

    return project


def _path(ring: np.ndarray, *, closed: bool = True) -> str:
    """Write a ring, or a line, as relative moves on the grid; a ring that shrinks to a
    line and a line that shrinks to a point are left out.
    """
    snapped = np.round(ring / GRID).astype(int)
    points = snapped[np.r_[True, (np.diff(snapped, axis=0) != 0).any(axis=1)]]
    if len(points) < (4 if closed else 2):  # a triangle ends where it starts
        return ""
    steps = " ".join(
        f"{dx * GRID:g} {dy * GRID:g}"
        for dx, dy in np.diff(points[:-1] if closed else points, axis=0)
    )
    return f"M{points[0][0] * GRID:g} {points[0][1] * GRID:g}l{steps}{'z' if closed else ''}"


def _middle(ring: np.ndarray) -> Point:
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    return float(middle[0]), float(middle[1])
