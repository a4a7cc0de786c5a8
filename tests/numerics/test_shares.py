"""Two shares: exact power; permuted sums."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import nchypergeom_fisher

from evenfield.numerics.inequality import permuted_sum_p
from evenfield.numerics.shares import detectable_difference
from numerics.refusals import refused


def test_smallest_difference_and_permuted_sum():
    n, k, size = 31, 5, 10
    found = detectable_difference(n, k, size, power=0.8)
    # Only five of five inside, or four, are rare enough: find the odds whose mean difference is the one returned.
    grid, counts = np.linspace(0, 12, 240001), np.arange(6)
    means = np.array([(nchypergeom_fisher.pmf(counts, n, k, size, np.exp(g)) * counts).sum() for g in grid[::2000]])
    odds, rejected = np.exp(np.interp(found, means / size - (k - means) / (n - size), grid[::2000])), [4, 5]
    assert nchypergeom_fisher.pmf(rejected, n, k, size, odds).sum() == pytest.approx(0.8, abs=0.005)
    assert np.isnan(detectable_difference(6, 1, 2))
    rng = np.random.default_rng(1)
    x, c = rng.standard_normal(9), rng.poisson(3, 9).astype(float)

    def slope(counts):
        return sm.GLM(counts, sm.add_constant(x), family=sm.families.Poisson()).fit().params[1]

    orders = np.argsort(np.random.default_rng(5).random((99, 9)), axis=1, kind="stable")
    drawn, observed = np.array([slope(c[order]) for order in orders]), slope(c)
    tails = [1 + (drawn <= observed + 1e-9).sum(), 1 + (drawn >= observed - 1e-9).sum()]
    assert permuted_sum_p(c, x, np.random.default_rng(5), 99) == pytest.approx(min(1, 2 * min(tails) / 100))
    refused("constant", permuted_sum_p, np.ones(9), x, rng, 9)
