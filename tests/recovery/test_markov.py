"""The permutation p of the spatial Markov chain is uniform where there is no
dependence.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import kstest

from evenfield.numerics.markov import (
    classes_of,
    homogeneity_test,
    quantile_cutoffs,
    spatial_markov_test,
)

CHAINS = 300
DRAWS = 99


def one(seed):
    rng = default_rng(seed)
    n = 25
    T = 30
    steady = rng.normal(0, 0.35, n)
    y = np.empty((n, T))
    y[:, 0] = steady + rng.normal(0, 0.45, n)
    for t in range(1, T):
        y[:, t] = steady + 0.98 * (y[:, t - 1] - steady) + rng.normal(0, 0.03, n)
    values = np.exp(y) / np.exp(y).mean(axis=0)
    unit = np.arange(n)
    grid = np.abs(np.subtract.outer(unit, unit))
    same_row = unit[:, None] // 5 == unit // 5
    W = (((grid == 1) & same_row) | (grid == 5)).astype(float)
    W /= W.sum(axis=1, keepdims=True)
    classes = classes_of(values, quantile_cutoffs(values, 3))
    return spatial_markov_test(values, classes, W, k=3, m=3, rng=rng, draws=DRAWS)


@pytest.mark.gate
def test_permutation_p_is_uniform_and_chi_squared_is_not():
    tests = [one(seed) for seed in range(CHAINS)]
    p = np.array([test.lr_p for test in tests])
    # p takes the values 1/100, ..., 1: shifted back by half a step it is uniform on (0,
    # 1).
    assert kstest(p - 0.5 / (1 + DRAWS), "uniform").pvalue > 0.01
    assert 0.02 <= (p <= 0.05).mean() <= 0.09
    assert np.mean([homogeneity_test(test.counts).lr_p <= 0.05 for test in tests]) > 0.3
