"""Area of outlines: closed form of boxes between parallels, holes, orientation."""

import numpy as np
import pytest

from evenfield.numerics.spatial import EARTH_RADIUS_KM, polygon_area_km2, ring_area_km2


def _box(west: float, east: float, south: float, north: float) -> np.ndarray:
    return np.array([[west, south], [east, south], [east, north], [west, north], [west, south]])


def _exact(west: float, east: float, south: float, north: float) -> float:
    return EARTH_RADIUS_KM**2 * np.radians(east - west) * (np.sin(np.radians(north)) - np.sin(np.radians(south)))


def test_boxes_and_holes():
    box = _box(100, 110, 20, 40)
    assert ring_area_km2(box[:, 0], box[:, 1]) == pytest.approx(_exact(100, 110, 20, 40), rel=1e-12)
    assert ring_area_km2(box[::-1, 0], box[::-1, 1]) == pytest.approx(_exact(100, 110, 20, 40), rel=1e-12)
    found = polygon_area_km2([_box(0, 10, 0, 10), _box(2, 3, 2, 3)])
    assert found == pytest.approx(_exact(0, 10, 0, 10) - _exact(2, 3, 2, 3), rel=1e-12)
