"""Lists of places that hang together: how many there are, and which of them are drawn."""

from collections import Counter

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.placebo_lists import placebo_lists
from evenfield.numerics.spatial import symmetric


def round_table(N):
    """Return one for places side by side around a table, (N, N)."""
    places = np.arange(N)
    return symmetric(N, places, (places + 1) % N, np.ones(N))


def labels(N, group, zones):
    """Return a group of the first places, and zones on the last ones."""
    places = np.arange(N)
    return np.column_stack([places < group, places >= N - zones]).astype(float)


@pytest.mark.parametrize(
    ("N", "group", "zones", "lists"),
    [
        # N places of the group, and zones on some of the N - group others.
        (16, 4, 3, 16 * 220),
        (16, 5, 5, 16 * 462),
        (17, 6, 3, 17 * 165),
        (24, 4, 2, 24 * 190),
    ],
)
def test_up_to_5000_lists_are_all_tried(N, group, zones, lists):
    drawn = placebo_lists(labels(N, group, zones), round_table(N), 40, default_rng(1))
    if lists > 5000:
        assert (drawn.scheme, len(drawn.source)) == ("connected", 40)
    else:
        assert (drawn.scheme, len(drawn.source)) == ("exact", lists)


def test_places_are_spaced_over_all_of_them():
    of_data = labels(26, 5, 5)
    drawn = placebo_lists(of_data, round_table(26), 52, default_rng(1))
    inside = of_data[:, 0] > 0
    times = Counter(tuple(np.flatnonzero(inside[source])) for source in drawn.source)
    assert set(times.values()) == {2}


def test_spaced_lists_start_anywhere():
    # Two of 26 places would be the same two each time without a random start.
    N, group = 26, 5
    of_data = labels(N, group, 5)
    inside = np.arange(N) < group
    times = Counter()
    for seed in range(260):
        drawn = placebo_lists(of_data, round_table(N), 2, default_rng(seed))
        for source in drawn.source:
            times[tuple(np.flatnonzero(inside[source]))] += 1
    assert len(times) == N
    # Of 520 draws 20 each on average, with a deviation of 4.3.
    assert min(times.values()) > 5 and max(times.values()) < 36
