"""Area of outlines on a sphere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenfield.numerics.spatial import EARTH_RADIUS_KM


def ring_area_km2(lon: np.ndarray, lat: np.ndarray) -> float:
    """Return the area inside a closed ring on a sphere; lon, lat (N,).

    Notes
    -----
    R^2/2 |sum (lon_2 - lon_1) (2 + sin lat_1 + sin lat_2)|, the trapezoidal rule on the cylindrical equal-area map;
    Chamberlain and Duquette (2007). Rings that cross the date line or hold a pole are not meant.
    """
    lam, height = np.radians(lon), np.sin(np.radians(lat))
    return float(EARTH_RADIUS_KM**2 / 2 * abs(np.sum(np.diff(lam) * (2 + height[:-1] + height[1:]))))


def polygon_area_km2(rings: Sequence[np.ndarray]) -> float:
    """Return the area of a polygon with holes; rings (N, 2)."""
    outer, *holes = [ring_area_km2(ring[:, 0], ring[:, 1]) for ring in rings]
    return outer - sum(holes)
