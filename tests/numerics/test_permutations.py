"""Random orders of units."""

from itertools import permutations

import numpy as np
from numpy.random import default_rng

from evenfield.numerics import permutations as module
from evenfield.numerics.permutations import first_places, permuted_orders


def test_draws_do_not_depend_on_how_many_are_made_at_once():
    def drawn(at_once):
        return np.concatenate(list(permuted_orders(40, default_rng(1), 10, at_once)))

    assert (drawn(3) == drawn(10)).all()
    assert (np.sort(drawn(3), axis=1) == np.arange(40)).all()


def test_first_places_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    def drawn(at_once):
        monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 40 * at_once)
        return first_places(40, 6, default_rng(1), 10)

    assert (drawn(3) == drawn(10)).all()


def test_every_beginning_of_an_order_is_as_likely_as_any_other():
    draws = 24_000
    first = first_places(4, 3, default_rng(1), draws)
    found, counts = np.unique(first, axis=0, return_counts=True)
    assert [*map(tuple, found)] == [*permutations(range(4), 3)]
    # Binomial with 24 beginnings: five standard errors.
    assert (np.abs(counts - draws / 24) < 5 * np.sqrt(draws / 24)).all()


def test_first_places_may_be_all():
    first = first_places(31, 31, default_rng(1), 20)
    assert (np.sort(first, axis=1) == np.arange(31)).all()
