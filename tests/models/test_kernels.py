"""Kernels of moves: whether what they settle into lies inside the range that was seen."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.kernels import ergodic_kernel


@pytest.mark.parametrize("side", [1, -1])
def test_incomes_that_gather_at_a_bound_settle_at_an_end(side):
    rng = default_rng(1)
    start = rng.random(400)
    later = np.minimum(start + 0.3 * rng.random(400), 1)
    found = ergodic_kernel(side * np.column_stack([start, later]), 1)
    assert found.at_an_end
    assert found.pairs == 400


def test_incomes_that_return_to_their_mean_settle_between_the_ends():
    rng = default_rng(1)
    start = rng.normal(size=400)
    later = 0.5 * start + 0.5 * rng.normal(size=400)
    assert not ergodic_kernel(np.column_stack([start, later]), 1).at_an_end
