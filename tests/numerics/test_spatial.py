"""Distances against a known pair and libpysal, nearest neighbours, decay, and the
description of weights.
"""

from itertools import combinations

import libpysal
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from evenfield.numerics import spatial as sp
from evenfield.numerics.spatial import (
    EARTH_RADIUS_KM,
    admissible_range,
    components,
    connected_sets,
    effective_neighbours,
    haversine_km,
    nearest_units,
    polygon_area_km2,
    ring_area_km2,
)
from numerics.refusals import refused
from spatial_cases import circle
from tolerances import MACHINE, close

RNG = default_rng(3)
LAT = RNG.uniform(18, 53, 12)
LON = RNG.uniform(75, 134, 12)
QUARTER = EARTH_RADIUS_KM * np.pi / 2


def test_distance_equals_libpysal_and_known_arcs():
    distance = haversine_km(
        np.array([0.0, 0.0, 90.0, -90.0]), np.array([0.0, 90.0, 17.0, 17.0])
    )
    close(distance[0, 1], QUARTER, MACHINE)
    close(distance[0, 2], QUARTER, MACHINE)
    close(distance[2, 3], 2 * QUARTER, MACHINE)
    ours = haversine_km(LAT, LON)
    for i in range(12):
        for j in range(i):
            theirs = libpysal.cg.sphere.arcdist(
                (LON[i], LAT[i]), (LON[j], LAT[j]), EARTH_RADIUS_KM
            )
            close(ours[i, j], theirs)


@given(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180)
)
def test_distance_is_symmetric_zero_to_itself_and_at_most_half_the_globe(a, b, c, d):
    distance = haversine_km(np.array([a, c]), np.array([b, d]))
    assert (distance == distance.T).all()
    assert np.diag(distance).tolist() == [0.0, 0.0]
    assert 0 <= distance[0, 1] <= 2 * QUARTER + 1e-6


def test_neighbours_decay_and_admissible_ranges():
    knn = libpysal.weights.KNN.from_array(
        np.column_stack([LON, LAT]), k=4, radius=EARTH_RADIUS_KM
    )
    ours = nearest_units(LAT, LON, 4)
    assert {i: set(ours[i]) for i in range(12)} == {
        i: set(knn.neighbors[i]) for i in range(12)
    }
    assert nearest_units(np.zeros(4), np.arange(4.0), 1).ravel().tolist() == [
        1,
        0,
        1,
        2,
    ]
    assert (
        nearest_units(
            np.array([0.0, 0.0, 0.0, 45.0]), np.array([0.0, 45.0, -45.0, 0.0]), 1
        )[0]
        == 1
    )
    assert sp.decay(np.array([2.0]), 2.0) == 0.25
    close(sp.exponential(np.array([2.0]), 4.0), np.exp(-0.5), MACHINE)
    close(effective_neighbours(circle(6)), 2.0, MACHINE)
    unequal = np.array([[0, 0.9, 0.1], [0.9, 0, 0.1], [0.5, 0.5, 0]])
    close(effective_neighbours(unequal), 3 / (0.82 * 2 + 0.5), MACHINE)
    close(admissible_range(circle(6)), (-1.0, 1.0))
    close(admissible_range(circle(5))[0], 1 / np.cos(4 * np.pi / 5))
    one_way = np.eye(3, k=1) + np.eye(3, k=-2)
    low, high = admissible_range(one_way)
    assert low == -np.inf
    close(high, 1.0)
    one_way = np.zeros((4, 4))
    one_way[0, 1] = one_way[2, 1] = 1.0
    assert components(one_way) == 2
    assert components(np.zeros((3, 3))) == 3


def hangs_together(A, chosen):
    reached = {chosen[0]}
    queue = [chosen[0]]
    while queue:
        i = queue.pop()
        fresh = [j for j in chosen if j not in reached and (A[i, j] or A[j, i])]
        reached |= set(fresh)
        queue += fresh
    return len(reached) == len(chosen)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_sets_equal_checking_every_set_in_order(size):
    one_way = np.triu(default_rng(2).random((11, 11)) < 0.25, 1)
    ring = np.roll(np.eye(9), 1, axis=1)
    for A in (one_way, one_way.T, ring):
        result = [tuple(row) for row in connected_sets(A, size).tolist()]
        assert result == [
            s for s in combinations(range(len(A)), size) if hangs_together(A, s)
        ]


def test_maps_without_links_sizes_limits_and_refusals():
    assert len(connected_sets(np.zeros((4, 4)), 1)) == 4
    assert connected_sets(np.zeros((4, 4)), 2).shape == (0, 2)
    A = np.roll(np.eye(7), 1, axis=1)
    sets = connected_sets(A, 3)
    assert connected_sets(A.astype(bool), 3) is sets
    assert len(connected_sets(A, 2)) == 7
    with pytest.raises(ValueError, match="read-only"):
        sets[0, 0] = 5
    refused("more than 6 connected sets of 3", connected_sets, A, 3, most=6)
    refused("no sets", connected_sets, np.ones((3, 2)), 2)
    refused("no sets", connected_sets, np.ones((3, 3)), 4)


def _box(west, east, south, north):
    return np.array(
        [[west, south], [east, south], [east, north], [west, north], [west, south]]
    )


def _exact(west, east, south, north):
    return (
        EARTH_RADIUS_KM**2
        * np.radians(east - west)
        * (np.sin(np.radians(north)) - np.sin(np.radians(south)))
    )


def test_boxes_and_holes():
    box = _box(100, 110, 20, 40)
    close(ring_area_km2(box[:, 0], box[:, 1]), _exact(100, 110, 20, 40), rtol=1e-12)
    close(
        ring_area_km2(box[::-1, 0], box[::-1, 1]), _exact(100, 110, 20, 40), rtol=1e-12
    )
    result = polygon_area_km2([_box(0, 10, 0, 10), _box(2, 3, 2, 3)])
    close(result, _exact(0, 10, 0, 10) - _exact(2, 3, 2, 3), rtol=1e-12)


def test_tiles_of_many_units_keep_their_place_without_all_pairs(monkeypatch):
    south, east = (part.ravel() for part in np.mgrid[:9, :12])
    order = default_rng(1).permutation(len(south))
    south, east = south[order], east[order]
    one_by_one = sp.tile_grid(30.0 - south, 100.0 + east)
    monkeypatch.setattr(sp, "LARGEST_FOR_ASSIGNMENT", 10)
    strips = sp.tile_grid(30.0 - south, 100.0 + east)
    assert (np.array(strips) == [south, east]).all()
    assert np.ptp(strips, axis=1).tolist() == np.ptp(one_by_one, axis=1).tolist()
