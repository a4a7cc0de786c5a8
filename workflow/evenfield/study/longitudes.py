"""Longitudes on a flat map, cut where nothing lies, so that no unit is torn apart.

The degrees of longitude begin anew at the antimeridian. Units on both sides of it (Fiji,
Alaska, Chukotka) lie beside each other only if the map is cut elsewhere.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np

ROUND = 360.0
ANTIMERIDIAN = 180.0
# ASSUME: a map of half the globe or more is cut where atlases cut it, if nothing lies
# there; a smaller one where it becomes narrowest.
HALF = 180.0
NEAR = 1e-6  # degrees from the antimeridian that are on it


class Cut(NamedTuple):
    """The meridian at which a flat map begins, in degrees."""

    west: float

    @classmethod
    def around(cls, rings: Iterable[np.ndarray]) -> Self:
        """Return the cut for some rings (k, 2) of longitude and latitude; a point is a
        ring of one.
        """
        unbroken = [_unbroken(ring[:, 0]) for ring in rings]
        starts = np.array([longitudes.min() for longitudes in unbroken])
        widths = np.array([np.ptp(longitudes) for longitudes in unbroken])
        cut = _empty_meridian(np.mod(starts, ROUND), widths)
        # Of the names of that meridian the one by which most degrees stay as they are.
        turns = np.floor((starts - cut) / ROUND)
        usual = np.bincount((turns - turns.min()).astype(int)).argmax()
        return cls(float(cut + ROUND * (usual + turns.min())))

    def placed(self, ring: np.ndarray) -> np.ndarray:
        """Return a ring with its longitudes east of the cut, whole; (k, 2) -> (k, 2)."""
        longitudes = _unbroken(ring[:, 0])
        turns = np.floor((longitudes.min() - self.west) / ROUND)
        if turns:
            longitudes = longitudes - ROUND * turns
        return np.column_stack((longitudes, ring[:, 1]))

    def polygons(self, geometry: Mapping[str, Any]) -> list[list[np.ndarray]]:
        """Return the polygons of a GeoJSON geometry, each with its rings, whole."""
        return [[self.placed(ring) for ring in part] for part in _parts(geometry)]

    def rings(self, geometry: Mapping[str, Any]) -> list[np.ndarray]:
        """Return all rings of a GeoJSON geometry, whole."""
        return [*chain.from_iterable(self.polygons(geometry))]


def outline_rings(geometry: Mapping[str, Any]) -> list[np.ndarray]:
    """Return the rings of a GeoJSON geometry as it is written, (k, 2) each."""
    return [*chain.from_iterable(_parts(geometry))]


def side_by_side(longitudes: np.ndarray) -> np.ndarray:
    """Return the longitudes of points as on a flat map, a blank as it is; (n,) -> (n,)."""
    known = np.isfinite(longitudes)
    points = np.column_stack((longitudes, np.zeros(len(longitudes))))[:, None, :]
    if not known.any():
        return longitudes
    cut = Cut.around(points[known])
    placed = longitudes.copy()
    placed[known] = [cut.placed(point)[0, 0] for point in points[known]]
    return placed


def _parts(geometry: Mapping[str, Any]) -> list[list[np.ndarray]]:
    """Return the polygons of a geometry, each with its rings."""
    written = geometry["coordinates"]
    polygons = written if geometry["type"] == "MultiPolygon" else [written]
    return [[np.array(ring, float)[:, :2] for ring in part] for part in polygons]


def _unbroken(longitudes: np.ndarray) -> np.ndarray:
    """Return longitudes of a ring without its jump at the antimeridian."""
    if (np.abs(np.diff(longitudes)) <= HALF).all():
        return longitudes
    unwrapped: np.ndarray = np.unwrap(longitudes, period=ROUND)
    # A ring around a pole has no other side to continue on.
    closes = abs(unwrapped[-1] - unwrapped[0]) < HALF
    return unwrapped if closes else longitudes


def _empty_meridian(starts: np.ndarray, widths: np.ndarray) -> float:
    """Return the middle of the widest span of longitudes that no ring covers; starts in
    [0, 360) and widths of the rings, (n,) each.
    """
    order = np.argsort(starts, kind="stable")
    # Twice around, so that what a ring covers past 360 is covered at the beginning, too.
    begins = np.concatenate((starts[order], starts[order] + ROUND))
    ends = np.maximum.accumulate(begins + np.tile(widths[order], 2))
    count = len(starts)
    left = ends[count - 1 : -1]
    right = begins[count:]
    spans = right - left
    if spans.max() <= 0:
        return -ANTIMERIDIAN
    middles = (left + right) / 2
    if ROUND - spans.max() <= HALF:
        return float(middles[spans.argmax()])
    beside = np.mod(left, ROUND) <= ANTIMERIDIAN
    holds = beside & (np.mod(left, ROUND) + spans > ANTIMERIDIAN)
    if holds.any():
        return -ANTIMERIDIAN
    away = np.abs(np.mod(middles, ROUND) - ANTIMERIDIAN)
    return float(middles[np.where(spans > 0, away, np.inf).argmin()])


def on_antimeridian(ring: np.ndarray) -> bool:
    """Say whether a ring has an edge on the antimeridian."""
    off = np.abs(np.mod(ring[:, 0], ROUND) - ANTIMERIDIAN)
    return bool((off < NEAR).sum() > 1)
