"""Pairs of neighbours: differences across a line, joins and bivariate Moran, by hand."""

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import t as student

from evenfield.numerics import map_pairs as mp
from evenfield.numerics.map_pairs import border_difference, border_pairs, join_counts
from evenfield.numerics.permutations import permuted_orders
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from spatial_cases import circle
from tolerances import close
from yaml_text import from_yaml

# A ladder of eight: 0-1-2-3 above 4-5-6-7; the line runs between 1 and 2, 5 and 6.
LINKS = from_yaml("""
    [[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7], [0, 4], [1, 5], [2, 6], [3, 7]]
    """)
EXTRA = [(1, 6), (5, 2)]
W = np.zeros((8, 8))
for one, other in [*LINKS, *EXTRA]:
    W[one, other] = W[other, one] = 1
MEMBER = np.isin(np.arange(8), [0, 1, 4, 5])
ACROSS = [(1, 2), (1, 6), (5, 2), (5, 6)]
Y = np.array([3.0, 5.0, 1.0, 2.0, 4.0, 6.0, 2.5, 0.5])


@pytest.fixture
def pairs():
    return border_pairs(MEMBER, csr_array(W))


def test_pairs_are_neighbours_on_two_sides_of_the_line(pairs):
    result = list(zip(pairs.inside.tolist(), pairs.outside.tolist(), strict=True))
    assert sorted(result) == ACROSS


def test_the_difference_is_clustered_by_the_units_of_both_sides():
    # Four units inside and five outside; the smaller side gives t(3).
    across = [(0, 4), (0, 5), (1, 5), (2, 6), (3, 7), (3, 8)]
    y = np.append(Y, 3.5)
    inside, outside = np.array(across).T
    d = y[inside] - y[outside]
    u = d - d.mean()
    variance = 0.0
    for side in (inside, outside):
        for unit in set(side.tolist()):
            variance += u[side == unit].sum() ** 2 / 36
    result = border_difference(y, mp.BorderPairs(inside, outside), 0.9)
    close((result.estimate, result.std_error), (d.mean(), np.sqrt(variance)))
    half = student.ppf(0.95, 3) * np.sqrt(variance)
    close((result.df, result.conf_low), (3, d.mean() - half))


def test_outcomes_are_dealt_to_units_and_the_data_are_one_draw(pairs):
    result = mp.border_permutation(Y, pairs, 199, generator_for(1, "b"))

    def difference(y):
        return abs(np.mean([y[a] - y[b] for a, b in ACROSS]))

    drawn = generator_for(1, "b").permuted(np.tile(Y, (199, 1)), axis=1)
    beyond = sum(difference(y) >= difference(Y) - 1e-9 for y in drawn)
    assert 0 < beyond < 199
    assert result == (1 + beyond) / 200


def test_joins_are_counted_over_all_placements():
    marks = np.isin(np.arange(8), [0, 1, 5]).astype(float)
    result = join_counts(marks, csr_array(W), generator_for(1, "j"), 9)
    links = [*LINKS, *EXTRA]

    def joined(placed):
        return sum(a in placed and b in placed for a, b in links)

    placements = [joined(chosen) for chosen in combinations(range(8), 3)]
    assert (result.both, result.one, result.neither) == (2, 6, 4)
    close(result.expected, np.mean(placements))
    assert result.p_value == np.mean(np.array(placements) >= 2)
    assert result.exact
    assert result.subsets == 56


def test_joins_of_many_units_are_counted_over_random_placements():
    n = 40
    ring = 2 * circle(n)
    marks = (np.arange(n) < 12).astype(float)
    result = join_counts(marks, csr_array(ring), generator_for(1, "j"), 99)
    orders = next(permuted_orders(n, generator_for(1, "j"), 99, 99))[:, :12]
    placed = [
        sum((i + 1) % n in set(order) for i in order.tolist()) for order in orders
    ]
    assert result.both == 11
    assert not result.exact
    assert result.p_value == (1 + sum(count >= 11 for count in placed)) / 100
    close(result.expected, 40 * 12 * 11 / (40 * 39))


def test_bivariate_moran_is_a_loop_over_its_draws():
    x = np.arange(8.0) ** 1.5
    weights = W / W.sum(axis=1, keepdims=True)
    result = mp.bivariate_moran_test(
        Y, x, csr_array(weights), generator_for(1, "m"), 79
    )
    a = Y - Y.mean()
    b = x - x.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    close(result.statistic, a @ weights @ b / scale)
    orders = next(permuted_orders(8, generator_for(1, "m"), 79, 79))
    drawn = np.array([a @ weights @ b[order] / scale for order in orders])
    close((result.mean, result.std_error), (drawn.mean(), drawn.std(ddof=1)))
    low = (drawn <= result.statistic + 1e-12).sum()
    high = (drawn >= result.statistic - 1e-12).sum()
    assert result.p_value == min(1, 2 * (1 + min(low, high)) / 80)


def test_one_unit_on_a_side_or_no_pair_is_refused():
    one = border_pairs(np.arange(8) == 0, csr_array(W))
    refused("only 1 unit stands on one side", border_difference, Y, one)
    three = border_pairs(np.arange(8) < 3, csr_array(W))
    refused("only 3 units stand on one side", border_difference, Y, three)
    refused(None, border_pairs, np.zeros(8, dtype=bool), csr_array(W))
