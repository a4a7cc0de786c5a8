"""The map: points sized by people, tiles of a few units, a frame that a few far ones do
not stretch.
"""

import re
from math import nan
from types import SimpleNamespace

import pandas as pd
import pytest

from evenfield.report.map import _growth_layer, _opening_on, income_of_average
from evenfield.report.map_shapes import (
    COVERED,
    MOST_TILES,
    TILE,
    WIDTH,
    _points,
    _tiles,
)
from evenfield.shared.sections import MapLayer
from evenfield.study.errors import ReportError
from evenfield.topics.movers.table_movers import average
from tolerances import close


def placed(columns):
    return [
        {"unit": f"u{col}", "tile_row": 2, "tile_col": col} for col in range(columns)
    ]


@pytest.mark.parametrize(("columns", "gap"), [(2, 3.0), (60, None)])
def test_tiles_are_three_points_apart_or_a_quarter_of_their_size(columns, gap):
    drawn = _tiles(placed(columns))
    assert drawn is not None
    shapes, points, bar_height, *_ = drawn
    size = min(TILE, WIDTH / columns)
    side = size - (gap or size / 4)
    assert f"h{side:.1f}v{side:.1f}h-{side:.1f}z" in shapes["u0"]
    close(points["u1"][0] - points["u0"][0], size)
    assert bar_height == size


def test_units_without_a_place_have_no_tiles():
    assert _tiles([{"unit": "a", "tile_row": 1}]) is None


def test_more_tiles_than_can_be_told_apart_are_no_map():
    assert _tiles(placed(MOST_TILES + 1)) is None


NOBODY = pd.Series(dtype=float)  # a study without population


def lattice(width, height):
    """Units a degree apart around the equator."""
    return [
        {"unit": f"u{x}_{y}", "lon": float(x), "lat": float(y)}
        for x in range(width)
        for y in range(height)
    ]


def radius_of(path):
    return float(re.search(r"a([\d.]+) ", path)[1])


def test_the_area_of_points_goes_by_people_and_covers_a_share_of_the_map():
    units = lattice(10, 8)
    people = pd.Series({unit["unit"]: 1.0 + unit["lon"] for unit in units})
    drawn = _points(units, people)
    radii = {unit: radius_of(path) for unit, path in drawn.paths.items()}
    assert list(radii.values()) == sorted(radii.values(), reverse=True)
    close((radii["u9_0"] / radii["u0_0"]) ** 2, 10.0, rtol=0.05)
    alike = _points(units, NOBODY).paths.values()
    (radius,) = {radius_of(path) for path in alike}
    close(80 * 3.14159 * radius**2, COVERED * WIDTH * drawn.height, rtol=0.02)


def test_north_is_up_and_east_is_right():
    centres = _points(lattice(3, 3), NOBODY).centres
    assert centres["u2_0"][0] > centres["u0_0"][0]
    assert centres["u0_2"][1] < centres["u0_0"][1]


def test_a_few_units_far_away_lie_outside_the_frame():
    units = lattice(10, 6)
    near = _points(units, NOBODY)
    far = {"unit": "overseas", "lon": 90.0, "lat": 5.0}
    drawn = _points([*units, far], NOBODY)
    assert drawn.outside == ["overseas"]
    assert "overseas" not in drawn.paths
    # The others have all the room that they had without it.
    wide = [
        max(x for x, _ in drawing.centres.values() if x <= WIDTH)
        for drawing in (near, drawn)
    ]
    close(wide[0], wide[1], rtol=0.08)
    assert not near.outside


def test_a_tenth_of_the_units_far_away_keep_their_place():
    units = lattice(5, 4)
    units += [{"unit": f"far{x}", "lon": 60.0 + x, "lat": 2.0} for x in range(3)]
    assert _points(units, NOBODY).outside == []


def test_the_map_opens_on_the_layer_that_a_text_asks_for():
    empty = pd.DataFrame()
    layers = [MapLayer(name, {}, empty) for name in ("Income", "Growth since 1978")]
    names = [layer.name for layer in _opening_on("growth", layers)]
    assert names == ["Growth since 1978", "Income"]
    assert _opening_on("", layers) == layers
    with pytest.raises(ReportError, match=r"map\(wealth\) names no layer"):
        _opening_on("wealth", layers)


def test_without_people_income_is_held_to_the_mean_of_logarithms():
    own = SimpleNamespace(income=SimpleNamespace(output=None))
    results = SimpleNamespace(config=SimpleNamespace(panel=own))
    panel = pd.DataFrame(
        {"unit": list("ab"), "year": 2000, "income": [1.0, 4.0], "population": nan}
    )
    # The mean of the logarithms of 1 and 4 is that of 2, as in the figure of paths.
    close(income_of_average(results, panel)[2000], [50.0, 200.0])
    close(average(panel["income"]), 2.0)
    # With one person and two, all income over all people is 9 over 3.
    with_people = panel.assign(population=[1.0, 2.0])
    close(income_of_average(results, with_people)[2000], [100 / 3, 400 / 3])


def test_units_are_in_fifths_by_their_growth():
    units = [f"u{number:02d}" for number in range(10)]
    grown = {unit: 1.0 + number for number, unit in enumerate(units)}
    panel = pd.DataFrame(
        [(unit, 2000, 5.0) for unit in units]
        + [(unit, 2010, 5.0 * grown[unit]) for unit in units],
        columns=["unit", "year", "income"],
    )
    (layer,) = _growth_layer(panel)
    assert layer.name == "Growth since 2000"
    assert layer.classes[2010].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert list(_growth_layer(panel[panel["unit"] > "u00"])) == []  # too few
