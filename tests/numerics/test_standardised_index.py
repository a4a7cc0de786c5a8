"""The standardised index: closed form, scale, reference units, refusals."""

import numpy as np
import pytest

from evenfield.numerics.standardised_index import standardised_index
from numerics.refusals import refused

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(40, 3)) @ np.array([[1.0, 0.6, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
REFERENCE = np.arange(40) < 25


def test_index_of_several_outcomes():
    index = standardised_index(VALUES, REFERENCE)
    assert index[REFERENCE].mean() == pytest.approx(0, abs=1e-12) and index[REFERENCE].std(ddof=1) == pytest.approx(1)
    z = (VALUES - VALUES[REFERENCE].mean(axis=0)) / VALUES[REFERENCE].std(axis=0, ddof=1)
    raw = z @ np.linalg.inv(np.cov(z.T)).sum(axis=1)
    expected = (raw - raw[REFERENCE].mean()) / raw[REFERENCE].std(ddof=1)
    assert standardised_index(VALUES, REFERENCE) == pytest.approx(expected)
    assert standardised_index(VALUES * [10, 0.1, 3] + 5, REFERENCE) == pytest.approx(
        standardised_index(VALUES, REFERENCE)
    )
    a, b = RNG.normal(size=30), RNG.normal(size=30)
    z = np.column_stack([a, b])
    z, everyone = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1), np.ones(30, dtype=bool)
    mean = z.mean(axis=1)
    assert standardised_index(z, everyone) == pytest.approx(mean / mean.std(ddof=1))
    refused("repeats", standardised_index, np.column_stack([VALUES[:, 0], 2 * VALUES[:, 0]]), REFERENCE)
    refused("does not vary", standardised_index, np.column_stack([VALUES[:, 0], np.ones(40)]), REFERENCE)
