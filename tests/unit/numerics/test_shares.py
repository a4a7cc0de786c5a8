"""Two shares: Fisher by counting placements, Newcombe's printed example, exact power, refusals; permuted sums."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import nchypergeom_fisher

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import permuted_sum_p
from evenfield.numerics.shares import newcombe_interval, share_test
from tolerances import CLOSED_FORM


def marks(n, chosen):
    return np.isin(np.arange(n), list(chosen))


def test_fisher_equals_counting_every_placement():
    inside = marks(11, range(4))
    found = share_test(marks(11, (0, 1, 2, 7)), inside)
    counts = np.array([sum(unit < 4 for unit in placed) for placed in combinations(range(11), 4)])
    chance = {held: np.mean(counts == held) for held in range(5)}
    expected = sum(c for c in chance.values() if c <= chance[3] + 1e-12)
    assert found.p_value == pytest.approx(expected, rel=CLOSED_FORM)
    assert (found.inside, found.outside, found.difference) == (3, 1, pytest.approx(3 / 4 - 1 / 7))


def test_interval_equals_newcombes_printed_example():
    low, high = newcombe_interval((56, 70), (48, 80), 0.95)  # Newcombe 1998, table II, contrast (a), method 10
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_smallest_difference_is_seen_with_the_power_asked_for():
    n, k, size = 31, 5, 10
    found = share_test(marks(n, range(5)), marks(n, range(10)), power=0.8)
    # Only five of five inside, or four, are rare enough: find the odds whose mean difference is the one returned.
    grid = np.linspace(0, 12, 240001)
    counts = np.arange(6)
    means = np.array([(nchypergeom_fisher.pmf(counts, n, k, size, np.exp(g)) * counts).sum() for g in grid[::2000]])
    odds = np.exp(np.interp(found.mde, means / size - (k - means) / (n - size), grid[::2000]))
    rejected = [4, 5]
    assert nchypergeom_fisher.pmf(rejected, n, k, size, odds).sum() == pytest.approx(0.8, abs=0.005)
    assert np.isnan(share_test(marks(6, (0,)), marks(6, (0, 1))).mde)


@pytest.mark.parametrize(("chosen", "inside"), [((), (0, 1)), (range(5), (0, 1)), ((0,), ()), ((0,), range(5))])
def test_all_or_none_is_refused(chosen, inside):
    with pytest.raises(NumericsError, match="must be some and not all"):
        share_test(marks(5, chosen), marks(5, inside))


def test_permuted_sum_equals_refitting_poisson_in_every_draw():
    rng = np.random.default_rng(1)
    x, c = rng.standard_normal(9), rng.poisson(3, 9).astype(float)

    def slope(counts):
        return sm.GLM(counts, sm.add_constant(x), family=sm.families.Poisson()).fit().params[1]

    orders = np.argsort(np.random.default_rng(5).random((99, 9)), axis=1, kind="stable")
    drawn, observed = np.array([slope(c[order]) for order in orders]), slope(c)
    tails = [1 + (drawn <= observed + 1e-9).sum(), 1 + (drawn >= observed - 1e-9).sum()]
    assert permuted_sum_p(c, x, np.random.default_rng(5), 99) == pytest.approx(min(1, 2 * min(tails) / 100))
    with pytest.raises(NumericsError, match="constant"):
        permuted_sum_p(np.ones(9), x, rng, 9)
