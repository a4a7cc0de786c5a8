"""What does not vary beyond rounding."""

import numpy as np

from evenfield.numerics.arrays import is_constant


def test_values_are_constant_up_to_rounding_of_their_size():
    assert is_constant(np.array([1e6, 1e6 * (1 + 1e-13)]))
    assert not is_constant(np.array([1e-3, 1e-3 * (1 + 1e-11)]))
    assert is_constant(np.zeros(3))
    assert not is_constant(np.array([-128, 127], dtype="int8"))
