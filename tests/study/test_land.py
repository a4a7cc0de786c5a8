"""The land beneath maps of points: where it is, and that made-up places have none."""

import numpy as np
import pandas as pd
from shapely import Polygon, contains_xy

from evenfield.report.map_shapes import WIDTH, _points
from evenfield.study.land import LAND, land_around

IBERIA = np.array([[-3.7, 40.4], [-8.5, 41.0], [-5.9, 37.4], [2.0, 41.5]])
FRAME = (-10.0, 35.5, 4.0, 44.5)
SAME = np.asarray  # degrees as they are


def units_at(points):
    return [
        {"unit": f"u{number}", "lon": lon, "lat": lat}
        for number, (lon, lat) in enumerate(points.tolist())
    ]


def test_land_lies_where_it_is():
    (peninsula, *_) = sorted(land_around(IBERIA, SAME, FRAME), key=len, reverse=True)
    land = Polygon(peninsula)
    assert contains_xy(
        land, [-3.7, -5.0, -9.5, 1.5], [40.4, 42.0, 44.0, 39.0]
    ).tolist() == [True, True, False, False]


def test_land_stays_within_the_frame():
    rings = np.concatenate(land_around(IBERIA, SAME, FRAME))
    assert (rings >= [-10.0, 35.5]).all()
    assert (rings <= [4.0, 44.5]).all()


def test_places_in_the_sea_have_no_land():
    assert land_around(IBERIA - [20.0, 0.0], SAME, FRAME) == []


def test_no_coast_runs_across_the_world_where_the_degrees_begin_anew():
    around = np.array([[-99.0, 19.0], [151.0, -33.0], [100.0, 60.0], [20.0, 0.0]])
    rings = land_around(around, SAME, (-180.0, -60.0, 180.0, 85.0))
    steps = [np.abs(np.diff(ring[:, 0])).max() for ring in rings]
    assert max(steps) < 30


def test_the_outline_is_small_and_names_its_source():
    assert LAND.stat().st_size < 60_000
    assert "Natural Earth" in LAND.read_text()


def test_points_at_the_edge_are_whole_and_lie_upon_the_land():
    drawn = _points(units_at(IBERIA), pd.Series(dtype=float))
    radius = 26  # of few units
    for x, y in drawn.centres.values():
        assert radius <= x <= WIDTH - radius
        assert radius <= y <= drawn.height - radius
    assert drawn.coast.startswith("M")
