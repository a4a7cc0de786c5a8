"""The map: points sized by people, tiles of a few units, a frame that a few far ones do
not stretch.
"""

import re
from math import nan
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evenfield.report import map as map_of_page
from evenfield.report.map import (
    _growth_layer,
    _last_known,
    _opening_on,
    figure_map,
    income_of_average,
)
from evenfield.report.map_shapes import (
    COVERED,
    MOST_TILES,
    TILE,
    WIDTH,
    _outlines,
    _points,
    _tiles,
    points_within,
)
from evenfield.shared.sections import FigureMap, MapLayer
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


def ring(west, south, east, north):
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return [[*map(list, corners), list(corners[0])]]


def outlines_of(**parts):
    """Return the drawing of units with some rectangles each: west, south, east, north."""
    features = [
        {
            "properties": {"unit": unit},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [ring(*box) for box in boxes],
            },
        }
        for unit, boxes in parts.items()
    ]
    results = SimpleNamespace(outlines=lambda: {"features": features})
    return _outlines(results, [{"unit": unit} for unit in parts])


def corners_of(path):
    """Return every corner of a path of relative moves."""
    corners = []
    for part in re.findall(r"M([^lM]*)l([^zM]*)", path):
        start, steps = (np.array(text.split(), float).reshape(-1, 2) for text in part)
        corners.append(np.vstack([start, start + steps.cumsum(axis=0)]))
    return corners


# Both sides of the antimeridian: states with an island chain, islands, a large country.
STATES = {
    "far_north": [(-168, 55, -130, 71), (-180, 51, -170, 53), (172, 51, 180, 53)],
    "islands": [(-160, 19, -155, 22)],
    "east": [(-85, 30, -70, 45)],
    "west": [(-124, 32, -114, 48)],
}
ISLANDS = {
    "one": [(177, -18, 180, -16), (-180, -18, -179, -16)],
    "two": [(-178, -20, -177, -19)],
}
LARGE = {
    "west": [(28, 50, 60, 70)],
    "far_east": [(160, 60, 180, 70), (-180, 62, -170, 70)],
}


@pytest.mark.parametrize("units", [STATES, ISLANDS, LARGE])
def test_units_on_both_sides_of_the_antimeridian_lie_beside_each_other(units):
    drawn = outlines_of(**units)
    middles = {}
    for unit, path in drawn.paths.items():
        corners = corners_of(path)
        places = np.concatenate(corners)
        assert (places >= 0).all()
        assert (places <= [WIDTH, drawn.height]).all()
        middles[unit] = np.concatenate(corners).mean(axis=0)
    if units is STATES:
        # From West to East and from South to North as in an atlas; the equator is level.
        assert middles["far_north"][0] < middles["west"][0] < middles["east"][0]
        assert middles["islands"][1] > middles["far_north"][1]
    if units is LARGE:
        assert middles["west"][0] < middles["far_east"][0]
        # Parted at the antimeridian in the file, whole on the map.
        assert len(corners_of(drawn.paths["far_east"])) == 1
    if units is ISLANDS:
        assert middles["one"][0] < middles["two"][0]
        assert len(corners_of(drawn.paths["one"])) == 1


def test_an_outline_that_crosses_the_antimeridian_in_one_ring_is_drawn_once():
    crossing = [(179, -18), (-179, -18), (-179, -16), (179, -16), (179, -18)]
    feature = {
        "properties": {"unit": "a"},
        "geometry": {"type": "Polygon", "coordinates": [[*map(list, crossing)]]},
    }
    results = SimpleNamespace(outlines=lambda: {"features": [feature]})
    (corners,) = corners_of(_outlines(results, [{"unit": "a"}]).paths["a"])
    # Two degrees wide and two high, not 358 wide.
    wide, high = np.ptp(corners, axis=0)
    assert 0.8 < wide / high < 1.1


@pytest.mark.parametrize("shift", [0.0, 100.0, -100.0])
def test_units_far_away_lie_inside_the_frame(shift):
    units = lattice(10, 6)
    far = {"unit": "overseas", "lon": 90.0, "lat": 5.0}
    units = [{**unit, "lon": unit["lon"] + shift} for unit in [*units, far]]
    drawn = _points(units, NOBODY)
    assert set(drawn.paths) == {unit["unit"] for unit in units}
    assert all(0 <= x <= WIDTH for x, _ in drawn.centres.values())


def test_points_on_both_sides_of_the_antimeridian_lie_beside_each_other():
    places = {"a": 178.0, "b": 179.5, "c": -179.5, "d": -178.0}
    units = [{"unit": unit, "lon": lon, "lat": -17.0} for unit, lon in places.items()]
    x = [_points(units, NOBODY).centres[unit][0] for unit in places]
    assert x == sorted(x)
    close(x[2] - x[1], x[3] - x[0] - (x[1] - x[0]) - (x[3] - x[2]), rtol=0.01)


def test_no_unit_of_a_wide_map_is_turned_by_more_than_60_degrees():
    units = [
        {"unit": f"u{lon}", "lon": float(lon), "lat": 60.0} for lon in range(-90, 91, 5)
    ]
    units += [{"unit": f"n{u['unit']}", "lon": u["lon"], "lat": 61.0} for u in units]
    centres = _points(units, NOBODY).centres
    east = np.subtract(centres["nu90"], centres["u90"])
    assert abs(np.degrees(np.arctan2(east[0], -east[1]))) < 61


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
    results = SimpleNamespace(config=SimpleNamespace(panel=own), words={})
    panel = pd.DataFrame(
        {"unit": list("ab"), "year": 2000, "income": [1.0, 4.0], "population": nan}
    )
    # The mean of the logarithms of 1 and 4 is that of 2, as in the figure of paths.
    close(income_of_average(results, panel)[2000], [50.0, 200.0])
    close(average(panel["income"]), 2.0)
    # With one person and two, all income over all people is 9 over 3.
    with_people = panel.assign(population=[1.0, 2.0])
    close(income_of_average(results, with_people)[2000], [100 / 3, 400 / 3])
    # A total is of a unit and not of its people.
    results.words["kind"] = "total"
    close(income_of_average(results, with_people)[2000], [50.0, 200.0])


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([[100, 110, None], [90, None, None]], 1),
        ([[100, 110, 120], [None, None, None]], 2),
        ([[0, None, None], [None, None, None]], 0),
        ([[None, None, None]], 2),
    ],
)
def test_the_map_opens_at_the_last_year_with_a_number(rows, last):
    assert _last_known(rows) == last


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
    later = panel[panel["year"] > 2000].assign(year=2015)
    later.loc[later["unit"] == "u09", "income"] = np.nan
    (layer,) = _growth_layer(pd.concat([panel, later]))
    assert layer.classes[2010].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert layer.classes[2015].to_list() == [1, 2, 2, 3, 3, 4, 4, 5, 5, 0]


def boxes_side_by_side():
    """Return outlines of two areas with a common border, and units inside them."""
    boxes = [(0.0, 40.0, 10.0, 50.0), (10.0, 40.0, 20.0, 50.0)]
    features = [
        {"geometry": {"type": "Polygon", "coordinates": ring(*box)}} for box in boxes
    ]
    units = [
        {"unit": f"u{k}", "lon": 1.0 + 2 * k, "lat": 42.0 + k % 6} for k in range(9)
    ]
    return {"features": features}, units


def test_points_lie_in_the_areas_around_them_whose_common_border_is_drawn_once():
    outlines, units = boxes_side_by_side()
    drawn = points_within(units, outlines)
    assert "z" not in drawn.coast  # lines, no land
    alone = points_within(units, {"features": outlines["features"][:1]})
    assert alone.coast != drawn.coast
    elsewhere = [{**unit, "lon": unit["lon"] + 90} for unit in units]
    assert points_within(elsewhere, outlines) == points_within(elsewhere, {})


@pytest.mark.parametrize("given", [True, False], ids=["given", "of countries"])
def test_the_outline_around_points_is_wholly_in_the_map(given):
    outlines, units = boxes_side_by_side()
    if not given:  # cities of China, whose country reaches far beyond them
        outlines = {}
        places = [(116.4, 39.9), (121.5, 31.2), (113.3, 23.1), (104.1, 30.7)]
        units = [{"unit": f"u{lon}", "lon": lon, "lat": lat} for lon, lat in places]
    drawn = points_within(units, outlines)
    corners = np.vstack(corners_of(drawn.coast))
    assert corners.min() >= 0
    assert (corners <= (WIDTH, drawn.height)).all()
    # No border is left out: the line ends where it began, or where two areas meet.
    assert (
        np.ptp(corners[:, 0]) > 0.9 * WIDTH
        or np.ptp(corners[:, 1]) > 0.9 * drawn.height
    )


def test_a_map_of_lists_draws_one_mark_a_class_and_no_name_ends_its_script(monkeypatch):
    _, units = boxes_side_by_side()
    named = [{**unit, "name": f"</script>{unit['unit']}"} for unit in units]
    codes = pd.Series([1, 2, 3, 4, 4, 4, 4, 4, 4], index=[u["unit"] for u in units])
    keys = {"l1": "one (1)", "l2": "other (1)", "l3": "both (1)", "l0": "neither (6)"}
    row = {"unit": "u0", "name": "U", "group": "", "lists": ["one"], "year": nan}
    listed = FigureMap(
        layers=[MapLayer("one", keys, codes.to_frame())],
        groups={},
        group_name="region",
        listed=[row | {"what": ["shoes"]}],
    )
    monkeypatch.setattr(map_of_page, "_maps_of_figures", lambda *_: {"F42": listed})
    results = SimpleNamespace(table=lambda *_, **__: pd.DataFrame(named))
    view = figure_map(results, "F42-towns", {})
    assert len({unit["path"].partition("m")[2] for unit in view["units"]}) == 4
    assert view["id"] == "F42-towns" and view["group_name"] == ""
    # Those on a list are drawn over the others, and lead to their row.
    assert view["units"][-1]["anchor"] == view["listed"][0]["anchor"] == "F42-towns=u0"
    assert "</script>" not in view["data"]
    assert figure_map(results, "F41-towns", {}) == {}
    without = pd.DataFrame(named).drop(columns="lat")
    nowhere = SimpleNamespace(table=lambda *_, **__: without)
    assert figure_map(nowhere, "F42-towns", {}) == {}
