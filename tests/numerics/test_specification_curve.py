"""Summaries of a curve and their joint test, by hand."""

import numpy as np
import pytest

from evenfield.numerics.specification_curve import (
    curve_summaries,
    joint_test,
    permutation_from_keys,
)
from evenfield.numerics.standardised_index import standardised_index
from numerics.refusals import refused


def test_summaries_joint_p_and_strata():
    estimates = np.array([[1.0, -1.0], [2.0, 3.0], [-4.0, 5.0]])
    statistics = np.array([[3.0, -3.0], [1.0, 2.5], [-3.0, np.nan]])
    found = curve_summaries(estimates, statistics, np.array([20.0, 20.0, 20.0]), 1.0)
    assert found[0] == pytest.approx([1.0, 1.0])  # medians of (1, 2, -4) and of (-1, 3)
    assert found[1] == pytest.approx([2 / 3, 1 / 2]) and found[2] == pytest.approx(
        [1 / 3, 1 / 2]
    )
    assert found[3] == pytest.approx([1 / 3, -0.25])
    assert curve_summaries(estimates, statistics, np.array([20.0] * 3), -1.0)[
        1
    ] == pytest.approx([1 / 3, 1 / 2])
    statistics = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    found = curve_summaries(np.ones((2, 2)), statistics, np.array([9.0, 9.0]), 1.0)
    assert np.isnan(found[:, 0]).all() and joint_test(1.0, found[0], 1.0).draws == 1
    draws = np.array([0.1, 0.5, 0.5, 0.9])
    assert joint_test(0.5, draws, 1.0).p_value == pytest.approx(4 / 5)
    assert joint_test(0.5, draws, -1.0).p_value == pytest.approx(4 / 5)
    assert joint_test(0.95, draws, 1.0).p_value == pytest.approx(1 / 5)
    refused("needs draws", joint_test, 0.5, np.array([]), 1.0)
    strata = np.array([0, 1, 0, 1, 0])
    source = permutation_from_keys(np.array([0.9, 0.2, 0.1, 0.1, 0.5]), strata)
    assert source.tolist() == [2, 3, 4, 1, 0] and (strata[source] == strata).all()


RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(40, 3)) @ np.array(
    [[1.0, 0.6, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]
)
REFERENCE = np.arange(40) < 25


def test_index_of_several_outcomes():
    index = standardised_index(VALUES, REFERENCE)
    assert index[REFERENCE].mean() == pytest.approx(0, abs=1e-12) and index[
        REFERENCE
    ].std(ddof=1) == pytest.approx(1)
    z = (VALUES - VALUES[REFERENCE].mean(axis=0)) / VALUES[REFERENCE].std(
        axis=0, ddof=1
    )
    raw = z @ np.linalg.inv(np.cov(z.T)).sum(axis=1)
    expected = (raw - raw[REFERENCE].mean()) / raw[REFERENCE].std(ddof=1)
    assert standardised_index(VALUES, REFERENCE) == pytest.approx(expected)
    assert standardised_index(VALUES * [10, 0.1, 3] + 5, REFERENCE) == pytest.approx(
        expected
    )
    a = RNG.normal(size=30)
    b = RNG.normal(size=30)
    z = np.column_stack([a, b])
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    everyone = np.ones(30, dtype=bool)
    mean = z.mean(axis=1)
    assert standardised_index(z, everyone) == pytest.approx(mean / mean.std(ddof=1))
    refused(
        "repeats",
        standardised_index,
        np.column_stack([VALUES[:, 0], 2 * VALUES[:, 0]]),
        REFERENCE,
    )
    refused(
        "does not vary",
        standardised_index,
        np.column_stack([VALUES[:, 0], np.ones(40)]),
        REFERENCE,
    )
