"""Spatial Markov chains."""

import numpy as np
import pytest

from evenfield.numerics import markov as mk
from numerics.refusals import refused
from tolerances import CLOSED_FORM


@pytest.fixture
def study():
    rng = np.random.default_rng(8)
    values = np.exp(rng.normal(0, 0.4, (15, 1)) + np.cumsum(rng.normal(0, 0.1, (15, 12)), axis=1))
    W = np.roll(np.eye(15), 1, axis=1) + np.roll(np.eye(15), -1, axis=1)
    return values, mk.classes_of(values, mk.quantile_cutoffs(values, 3)), W / 2


def run(values, classes, W, seed=1, draws=99, step=1):
    return mk.spatial_markov_test(values, classes, W, k=3, m=3, rng=np.random.default_rng(seed), draws=draws, step=step)


def test_counts_by_hand_and_draws_of_whole_trajectories(study, monkeypatch):
    values, classes, W = study
    lag = mk.classes_of(W @ values, mk.quantile_cutoffs(W @ values, 3))
    np.testing.assert_array_equal(mk.neighbour_classes(values, W, 3), lag)
    counts = np.zeros((3, 3, 3), dtype=int)
    for i in range(15):
        for t in range(11):
            counts[lag[i, t], classes[i, t], classes[i, t + 1]] += 1
    test = run(*study)
    np.testing.assert_array_equal(test.counts, counts)
    wanted = mk.homogeneity_test(counts)
    assert (test.q, test.lr, test.df) == pytest.approx((wanted.q, wanted.lr, wanted.df), rel=CLOSED_FORM)
    test, rng = run(*study, draws=99), np.random.default_rng(1)
    orders = np.argsort(rng.random((99, 15)), axis=1, kind="stable")
    q = [run(values[order], classes[order], W, draws=0).q for order in orders]
    assert test.q_p == (1 + sum(value >= test.q * (1 - 1e-9) for value in q)) / 100
    dense = run(*study)
    monkeypatch.setattr("evenfield.numerics.markov.DENSE_UNITS", 1)
    sparse = run(*study)
    assert (dense.q, dense.q_p) == (sparse.q, sparse.q_p) and np.isnan(run(*study, draws=0).q_p)


def test_refusals(study):
    values, classes, W = study
    refused("do not fit", run, values, classes, W[:4, :4])
    refused("no transition", run, values, classes, W, step=12)
    alone = W.copy()
    alone[3] = 0
    refused("1 units have no neighbour", run, values, classes, alone)
