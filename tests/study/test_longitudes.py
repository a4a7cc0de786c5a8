"""Where a flat map is cut: at the widest empty span, wherever the units are."""

import numpy as np
import pytest

from evenfield.study.longitudes import Cut, side_by_side
from tolerances import close


def width_of(longitudes):
    return np.ptp(side_by_side(np.array(longitudes, float)))


@pytest.mark.parametrize(
    ("longitudes", "width"),
    [
        ([-178.0, 180.0, -70.0], 110.0),  # the United States
        ([177.0, -179.0], 4.0),  # Fiji
        ([27.0, 100.0, 179.0, -170.0], 163.0),  # Russia
        ([167.0, 178.0, -176.0], 17.0),  # New Zealand
        (
            [-61.0, -53.0, 2.0, 45.0, 55.0],
            116.0,
        ),  # France with its departments overseas
        ([0.0], 0.0),
        ([-10.0, 20.0], 30.0),
    ],
)
@pytest.mark.parametrize("turned", [0.0, 360.0, -360.0])
def test_a_map_is_as_narrow_as_its_units_allow(longitudes, width, turned):
    close(width_of(longitudes), width)
    # Whether degrees run to 180 or to 360 makes no difference.
    close(width_of(np.array(longitudes) + turned), width)


def test_what_lies_on_one_side_stays_as_it_is():
    degrees = np.array([73.5, 135.0, 104.25])
    assert side_by_side(degrees).tolist() == degrees.tolist()


def test_most_degrees_stay_as_they_are_where_some_lie_across():
    """Of Fiji, most of which is West, the islands in the East move, and vice versa."""
    west = np.array([-179.0, -178.5, -178.0, 179.0])
    assert side_by_side(west).tolist() == [-179.0, -178.5, -178.0, -181.0]
    east = np.array([179.0, 178.5, 178.0, -179.0])
    assert side_by_side(east).tolist() == [179.0, 178.5, 178.0, 181.0]


def test_a_map_of_the_world_is_cut_where_atlases_cut_it():
    world = np.arange(-170.0, 180.0, 10.0)
    assert side_by_side(world).tolist() == world.tolist()
    # Something at the antimeridian stays whole: the cut is the nearest empty meridian.
    across = np.array([[175.0, 60.0], [-175.0, 60.0], [175.0, 61.0]])
    cut = Cut.around([across, *world[:, None, None] * [1.0, 0.0]])
    close(np.ptp(cut.placed(across)[:, 0]), 10.0)


def test_a_blank_stays_blank():
    placed = side_by_side(np.array([179.0, np.nan, -179.0]))
    close(np.nanmax(placed) - np.nanmin(placed), 2.0)
    assert np.isnan(placed[1])
    assert np.isnan(side_by_side(np.array([np.nan]))).all()
