"""The index of Anderson (2008) by its formula, and what it must not depend on."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.standardised_index import standardised_index
from numerics.refusals import refused
from tolerances import close

RNG = default_rng(7)
VALUES = RNG.normal(size=(12, 3))
VALUES[:, 1:] += [0.6, 0.3] * VALUES[:, :2]
REFERENCE = np.arange(12) < 7


def test_outcomes_have_the_weights_of_the_formula():
    inside = VALUES[:7]
    z = (VALUES - inside.mean(axis=0)) / inside.std(axis=0, ddof=1)
    s = z @ np.linalg.inv(np.cov(z.T)).sum(axis=1)
    close(standardised_index(VALUES, REFERENCE), s / s[:7].std(ddof=1))


def test_reference_units_have_mean_zero_and_standard_deviation_one():
    index = standardised_index(VALUES, REFERENCE)
    close(index[:7].mean(), 0, atol=1e-12)
    close(index[:7].std(ddof=1), 1)
    assert index[7:].std(ddof=1) != pytest.approx(1)


def test_units_of_measure_drop_out():
    moved = VALUES * [10, 0.1, 3] + [5, -2, 100]
    close(standardised_index(moved, REFERENCE), standardised_index(VALUES, REFERENCE))


def test_outcomes_that_say_nothing_or_the_same_are_refused():
    flat = VALUES.copy()
    flat[:7, 1] = 2.0
    refused("does not vary", standardised_index, flat, REFERENCE)
    refused("fewer than two", standardised_index, VALUES, np.arange(12) < 1)
    twice = np.column_stack([VALUES[:, 0], 2 * VALUES[:, 0] + 1])
    refused("repeats the others", standardised_index, twice, REFERENCE)
