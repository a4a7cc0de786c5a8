"""The map: tiles of units without outlines."""

import pytest

from evenfield.report.map import TILE, WIDTH, _tiles
from tolerances import close


def placed(columns):
    return [
        {"unit": f"u{col}", "tile_row": 2, "tile_col": col} for col in range(columns)
    ]


@pytest.mark.parametrize(("columns", "gap"), [(2, 3.0), (100, None)])
def test_tiles_are_three_points_apart_or_a_quarter_of_their_size(columns, gap):
    drawn = _tiles(placed(columns))
    assert drawn is not None
    shapes, points, bar_height = drawn
    size = min(TILE, WIDTH / columns)
    side = size - (gap or size / 4)
    assert f"h{side:.1f}v{side:.1f}h-{side:.1f}z" in shapes["u0"]
    close(points["u1"][0] - points["u0"][0], size)
    assert bar_height == size


def test_units_without_a_place_have_no_tiles():
    assert _tiles([{"unit": "a", "tile_row": 1}]) is None
