"""Border pairs: two-way clusters by hand, and what is refused."""

import numpy as np
import pytest

from evenfield.numerics.map_pairs import border_difference, border_pairs, border_permutation
from numerics.refusals import refused


def test_border_errors_are_those_of_two_way_clusters():
    touching = np.zeros((9, 9), dtype=bool)
    for a, b in [(0, 4), (1, 5), (2, 6), (3, 7), (3, 8), (0, 5)]:
        touching[a, b] = touching[b, a] = True
    y, pairs = np.array([3.0, 2.0, 4.0, 1.0, 0.5, 0.0, 1.0, 0.7, 0.1]), border_pairs(np.arange(9) < 4, touching)
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    variance = sum(u[side == k].sum() ** 2 for side in (pairs.inside, pairs.outside) for k in range(9)) / 36
    found = border_difference(y, pairs)
    assert (found.estimate, found.std_error, found.df) == pytest.approx((d.mean(), np.sqrt(variance), 3))
    assert 0 < border_permutation(y, pairs, 499, np.random.default_rng(1)) < 0.2
    refused("only 3 units", border_difference, y, border_pairs(np.arange(9) < 3, touching))
    refused("different sides", border_pairs, np.ones(9, dtype=bool), touching)
