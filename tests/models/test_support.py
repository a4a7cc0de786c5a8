"""Common support of three groups that a person can see at once."""

import numpy as np
import pytest

from evenfield.models.support import shared_by_thirds
from tolerances import close

X = np.arange(9.0)  # three units in each third


@pytest.mark.parametrize(
    ("middle", "low", "high", "share"),
    [
        ([2.0, 5, 8], 4.0, 5.0, 3 / 9),
        # The thirds share the one value 4: what the lowest ends with the highest begins.
        ([2.0, 4, 8], 4.0, 4.0, 3 / 9),
        ([4.0, 4, 4], 4.0, 4.0, 5 / 9),
    ],
)
def test_a_support_of_one_value_is_one(middle, low, high, share):
    first = [1.0, 2, 4 if low == high else 5]
    found = shared_by_thirds(np.array([*first, *middle, 4.0, 6, 9]), X)
    close([found.low, found.high, found.share], [low, high, share])


def test_thirds_that_share_nothing_have_an_empty_support():
    found = shared_by_thirds(np.array([1.0, 2, 3, 2, 3, 4, 3.5, 5, 6]), X)
    assert np.isnan([found.low, found.high]).all()
    assert found.share == 0.0
