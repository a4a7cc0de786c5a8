"""Random orders of units."""

import numpy as np
from numpy.random import default_rng

from evenfield.numerics.permutations import permuted_orders


class Halves:
    """Keys of two values alone, so that many are equal."""

    def random(self, shape):
        """Return zeros and halves in turn."""
        return np.broadcast_to(np.arange(shape[1]) % 2 / 2, shape)


def test_equal_keys_keep_their_order_whatever_the_processor_sorts_with():
    (order,) = permuted_orders(600, Halves(), 3, 3)
    expected = [*range(0, 600, 2), *range(1, 600, 2)]
    assert (order == expected).all()


def test_draws_do_not_depend_on_how_many_are_made_at_once():
    def drawn(at_once):
        return np.concatenate(list(permuted_orders(40, default_rng(1), 10, at_once)))

    assert (drawn(3) == drawn(10)).all()
    assert (np.sort(drawn(3), axis=1) == np.arange(40)).all()


def test_orders_are_those_of_a_stable_sort():
    for n in (1, 2, 31, 300, 3000):
        (order,) = permuted_orders(n, default_rng(n), 20, 20)
        keys = default_rng(n).random((20, n))
        assert (order == np.argsort(keys, axis=1, kind="stable")).all()
