"""The units as the map of the page draws them: outlines, or points at their coordinates
sized by population, or tiles.

Longitude and latitude go through an equal-area cone; a few units far from all others do
not shrink the rest, they lie outside the frame.
"""

import math
from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenfield.report.land import land_around
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import Row
from evenfield.study.files import Record

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
# The frame leaves out one unit in twenty where that makes the map half as large.
INSIDE = 0.95
WORTH = 0.5


class Drawing(NamedTuple):
    """The units as they are drawn, and those that lie outside the frame."""

    paths: dict[str, str]
    centres: dict[str, Point]
    height: float
    outside: list[str]
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

    def holds(self, centre: Point) -> bool:
        """Say whether a place on the page lies inside."""
        return 0 <= centre[0] <= WIDTH and 0 <= centre[1] <= self.height


def drawing_of(
    results: StudyResults, units: list[Row], population: pd.Series
) -> Drawing | None:
    """Return outlines where a study has them, else points, else tiles of a few units;
    nothing where no unit has a place.
    """
    return _outlines(results, units) or _points(units, population) or _tiles(units)


def _outlines(results: StudyResults, units: list[Row]) -> Drawing | None:
    """Project outlines and snap them to a grid, so that neighbours keep a common border."""
    features = results.outlines()["features"]
    rings = {str(f["properties"]["unit"]): _rings(f["geometry"]) for f in features}
    every = list(chain.from_iterable(rings.values()))
    if not every:
        return None
    project = _cone(np.concatenate(every))
    flat = {unit: [project(ring) for ring in parts] for unit, parts in rings.items()}
    # The ring with the most points is taken for the main land, not an island.
    middles = np.array([_middle(max(parts, key=len)) for parts in flat.values()])
    shapes = [np.concatenate(parts) for parts in flat.values()]
    frame = _frame(middles, shapes)
    drawing = Drawing({}, {}, frame.height, [])
    for unit, parts in flat.items():
        drawn = [frame.on_page(ring) for ring in parts]
        drawing.paths[unit] = "".join(map(_path, drawn))
        drawing.centres[unit] = _middle(max(drawn, key=len))
    # Where a unit has coordinates, its zones stand there and not in its middle.
    for row in units:
        point = _numbers(row, "lon", "lat")
        if point and row["unit"] in rings:
            x, y = frame.on_page(project(np.array([point], float)))[0]
            drawing.centres[row["unit"]] = (float(x), float(y))
    return _inside(drawing, frame)


def _points(units: list[Row], population: pd.Series) -> Drawing | None:
    places = [_numbers(unit, "lon", "lat") for unit in units]
    if None in places:
        return None
    points = np.array(places, float)
    cone = _cone(points)
    flat = cone(points)
    people = population.reindex([unit["unit"] for unit in units])
    # ASSUME: without people all points are alike; their area, not their radius, grows.
    shares = people.fillna(0.0).to_numpy() if people.notna().any() else None
    if shares is None or not shares.sum():
        shares = np.ones(len(units))
    height = _frame(flat, flat[:, None, :]).height
    area = COVERED * WIDTH * height * shares / shares.sum()
    radii = np.clip(np.sqrt(area / np.pi), SMALLEST, LARGEST)
    # The points at the edge of the map are whole.
    frame = _frame(flat, flat[:, None, :], EDGE + radii.max())
    edges = (-EDGE, -EDGE, WIDTH + EDGE, frame.height + EDGE)
    land = land_around(points, lambda ring: frame.on_page(cone(ring)), edges)
    coast = "".join(map(_path, land))
    drawing = Drawing({}, {}, frame.height, [], points=True, coast=coast)
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
    return _inside(drawing, frame)


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
    drawing = Drawing({}, {}, float(size * rows), [])
    for unit, (row, column) in zip(units, grid.tolist(), strict=True):
        x = left + size * column
        y = size * row
        box = f"M{x:.1f} {y:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
        drawing.paths[unit["unit"]] = box
        drawing.centres[unit["unit"]] = (x + side / 2, y + side / 2)
    return drawing


def _inside(drawing: Drawing, frame: Frame) -> Drawing:
    """Leave out what lies outside the frame."""
    outside = [
        unit for unit, centre in drawing.centres.items() if not frame.holds(centre)
    ]
    for unit in outside:
        del drawing.paths[unit]
    return drawing._replace(outside=sorted(outside))


def _frame(
    middles: np.ndarray, shapes: Iterable[np.ndarray], edge: float = EDGE
) -> Frame:
    """Return the frame around all units, or around the nearest of them where a few far
    away would shrink the rest; middles (n, 2), a shape (k, 2) each.
    """
    shapes = list(shapes)
    whole = _corners(np.concatenate(shapes))
    centre = np.median(middles, axis=0)
    far = np.hypot(*(middles - centre).T)
    near = np.argsort(far, kind="stable")[: math.ceil(INSIDE * len(middles))]
    part = _corners(np.concatenate([shapes[i] for i in near]))
    smaller = np.prod(part[1] - part[0]) < WORTH * np.prod(whole[1] - whole[0])
    return Frame.around(part if smaller else whole, edge)


def _corners(points: np.ndarray) -> np.ndarray:
    return np.array([points.min(axis=0), points.max(axis=0)])


def _numbers(unit: Row, *names: str) -> list[float] | None:
    """Return some figures of a unit, or nothing where it lacks one."""
    figures = [unit.get(name, np.nan) for name in names]
    return None if any(map(pd.isna, figures)) else figures


def _rings(geometry: Record) -> list[np.ndarray]:
    parts = geometry["coordinates"]
    if geometry["type"] != "MultiPolygon":
        parts = [parts]
    return [np.array(ring, float)[:, :2] for ring in chain.from_iterable(parts)]


def _cone(points: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return Albers' projection with its parallels at a sixth of the way from the
    southern and the northern end.
    """
    west, south = np.radians(points.min(axis=0))
    east, north = np.radians(points.max(axis=0))
    first = south + (north - south) / 6
    second = north - (north - south) / 6
    middle = (west + east) / 2
    # Snyder (1987), 14: n = (sin first + sin second) / 2, radius = sqrt(C - 2 n sin lat) / n.
    n = (math.sin(first) + math.sin(second)) / 2 or 1e-6
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)

    def project(ring: np.ndarray) -> np.ndarray:
        lon, lat = np.radians(ring).T
        radius = np.sqrt(np.maximum(c - 2 * n * np.sin(lat), 0)) / n
        angle = n * (lon - middle)
        return np.column_stack((radius * np.sin(angle), -radius * np.cos(angle)))

    return project


def _path(ring: np.ndarray) -> str:
    """Write a ring as relative moves on the grid; what shrinks to a line is left out."""
    snapped = np.round(ring / GRID).astype(int)
    points = snapped[np.r_[True, (np.diff(snapped, axis=0) != 0).any(axis=1)]]
    if len(points) < 4:  # a triangle ends where it starts
        return ""
    steps = " ".join(
        f"{dx * GRID:g} {dy * GRID:g}" for dx, dy in np.diff(points[:-1], axis=0)
    )
    return f"M{points[0][0] * GRID:g} {points[0][1] * GRID:g}l{steps}z"


def _middle(ring: np.ndarray) -> Point:
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    return float(middle[0]), float(middle[1])
