"""Connected sets against checking every set, on random and ring maps; limits, order, what is kept."""

from itertools import combinations

import numpy as np
import pytest

from evenfield.numerics.spatial import connected_sets
from numerics.refusals import refused


def hangs_together(A, chosen):
    reached, queue = {chosen[0]}, [chosen[0]]
    while queue:
        i = queue.pop()
        fresh = [j for j in chosen if j not in reached and (A[i, j] or A[j, i])]
        reached |= set(fresh)
        queue += fresh
    return len(reached) == len(chosen)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_sets_equal_checking_every_set_in_order(size):
    one_way, ring = np.triu(np.random.default_rng(2).random((11, 11)) < 0.25, 1), np.roll(np.eye(9), 1, axis=1)
    for A in (one_way, one_way.T, ring):
        found = [tuple(row) for row in connected_sets(A, size).tolist()]
        assert found == [s for s in combinations(range(len(A)), size) if hangs_together(A, s)]


def test_maps_without_links_sizes_limits_and_refusals():
    assert len(connected_sets(np.zeros((4, 4)), 1)) == 4 and connected_sets(np.zeros((4, 4)), 2).shape == (0, 2)
    A = np.roll(np.eye(7), 1, axis=1)
    sets = connected_sets(A, 3)
    assert connected_sets(A.astype(bool), 3) is sets and len(connected_sets(A, 2)) == 7
    with pytest.raises(ValueError, match="read-only"):
        sets[0, 0] = 5
    refused("more than 6 connected sets of 3", connected_sets, A, 3, most=6)
    refused("no sets", connected_sets, np.ones((3, 2)), 2)
    refused("no sets", connected_sets, np.ones((3, 3)), 4)
