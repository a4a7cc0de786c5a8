"""The map: tiles of units without outlines."""

import pytest

from evenfield.report.map import TILE, WIDTH, _tiles


def placed(columns: int) -> list[dict[str, object]]:
    return [
        {"unit": f"u{col}", "tile_row": 2, "tile_col": col} for col in range(columns)
    ]


@pytest.mark.parametrize(("columns", "gap"), [(2, 3.0), (100, None)])
def test_tiles_are_three_points_apart_or_a_quarter_of_their_size(
    columns: int, gap: float | None
) -> None:
    drawn = _tiles(placed(columns))
    assert drawn is not None
    shapes, points, bar_height = drawn
    size = min(TILE, WIDTH / columns)
    side = size - (gap or size / 4)
    assert f"h{side:.1f}v{side:.1f}h-{side:.1f}z" in shapes["u0"]
    assert points["u1"][0] - points["u0"][0] == pytest.approx(size)
    assert bar_height == size


def test_units_without_a_place_have_no_tiles() -> None:
    assert _tiles([{"unit": "a", "tile_row": 1}]) is None
