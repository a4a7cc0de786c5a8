"""Inequality, its parts and its draws."""

from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics import inequality as iq
from evenfield.numerics import inequality_draws
from evenfield.numerics.inequality import (
    THEIL_L,
    THEIL_T,
    atkinson,
    decompose_gini,
    decompose_theil,
    gini,
    growth_contributions,
    maximum_between,
    shapley_theil,
    theil,
)
from evenfield.numerics.inequality_draws import (
    between_test,
    connected_test,
    leave_one_out_theil,
    redrawn_theil,
    revised_theil,
)
from evenfield.numerics.permutations import permuted_orders, permuted_sum_p
from numerics.refusals import refused
from spatial_cases import circle
from tolerances import MACHINE, close

CLOSURE = 1e-12


@pytest.fixture
def data():
    rng = default_rng(6)
    return (
        np.exp(rng.normal(9, 0.5, 31)),
        rng.uniform(5, 100, 31),
        rng.permutation(np.arange(31) % 4),
    )


def test_measures_and_their_parts_by_hand(data):
    y = np.array([1.0, 3.0])
    w = np.array([1.0, 1.0])
    close(theil(y, w), 0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5)), MACHINE)
    close(theil(y, w, THEIL_L), -0.5 * (np.log(0.5) + np.log(1.5)), MACHINE)
    close(gini(y, w), 0.25, MACHINE)
    close(atkinson(y, w), 1 - np.sqrt(3) / 2, MACHINE)
    close(atkinson(y, w, 2.0), 1 - 1.5 / 2, MACHINE)
    y = data[0]
    counts = np.arange(1, 32)
    copies = np.repeat(y, counts)
    for measure in (theil, lambda a, b: theil(a, b, THEIL_L), gini, atkinson):
        close(measure(y, counts), measure(copies, np.ones(len(copies))))
    half = np.abs(copies[:, None] - copies).mean() / 2
    close(gini(y, counts), half / copies.mean())
    y, w, _ = data
    close(theil(100 * y, w), theil(y, w), MACHINE)
    for measure in (theil, gini, atkinson):
        close(measure(np.full(31, 7.0), w), 0, atol=CLOSURE)
    y, w, groups = data
    a, b, _ = shapley_theil(y, w, groups, groups)
    close(a, b, atol=CLOSURE)
    one, two, _ = shapley_theil(y, w, groups, np.arange(31) % 3)
    two_again, one_again, _ = shapley_theil(y, w, np.arange(31) % 3, groups)
    close((one, two), (one_again, two_again), atol=CLOSURE)
    assert len(np.unique(iq.crossed(groups, np.arange(31) % 3))) <= 12
    parts = decompose_gini(y, w, groups)
    close(
        parts.within + parts.net_between + parts.transvariation,
        parts.gini,
        atol=CLOSURE,
    )
    apart = decompose_gini(y, w, (y > np.median(y)).astype(int))
    close(apart.transvariation, 0, atol=CLOSURE)
    assert parts.transvariation > 0
    share, points = growth_contributions(
        np.array([1.0, 2, 3]), np.array([2.0, 3, 7]), np.array([0, 0, 1])
    )
    close(share, [1 / 3, 2 / 3])
    close(points.sum(), 1.0)
    refused(
        "did not change",
        growth_contributions,
        np.array([1.0, 2]),
        np.array([2.0, 1]),
        np.array([0, 1]),
    )
    y, w, _ = data
    for measure in (THEIL_T, THEIL_L):
        brute = [theil(np.delete(y, i), np.delete(w, i), measure) for i in range(31)]
        close(leave_one_out_theil(y, w, measure), brute)
    drawn = redrawn_theil(y, w, rng=default_rng(3), draws=1)[0]
    times = default_rng(3).multinomial(31, np.full(31, 1 / 31))
    close(drawn, theil(np.repeat(y, times), np.repeat(w, times)))
    for measure in (THEIL_T, THEIL_L):
        none = {
            "sd_income": 0.0,
            "sd_weights": 0.0,
            "rng": default_rng(0),
            "draws": 3,
        }
        same = revised_theil(y, w, **none, measure=measure)
        close(same, theil(y, w, measure))


@pytest.mark.parametrize("at_once", [1, 70, 10_000])
def test_the_parts_of_the_gini_are_double_sums_over_pairs(data, monkeypatch, at_once):
    monkeypatch.setattr(iq, "NUMBERS_AT_ONCE", at_once)  # groups in blocks
    y, w, groups = data
    y = np.round(y, -3)  # some are alike
    p, r = iq.relative_incomes(y, w)
    mean = np.bincount(groups, p * r) / np.bincount(groups, p)
    within = net = both = 0.0
    for i, j in product(range(31), repeat=2):
        term = p[i] * p[j] * abs(r[i] - r[j]) / 2
        if groups[i] == groups[j]:
            within += term
        else:
            # Whether the one with more is of the group with more.
            same = (r[i] - r[j]) * (mean[groups[i]] - mean[groups[j]]) > 0
            net += term if same else -term
            both += 0 if same else 2 * term
    parts = decompose_gini(y, w, groups)
    close(parts[1:], (within, net, both), atol=CLOSURE)


@pytest.mark.parametrize("measure", [THEIL_T, THEIL_L])
def test_parts_close_and_labels_are_permuted(data, measure):
    y, w, groups = data
    parts = decompose_theil(y, w, groups, measure)
    close(parts.between + parts.within, parts.total, atol=CLOSURE)
    close(parts.group_within.sum(), parts.within, atol=CLOSURE)
    other = np.arange(31) % 3
    close(sum(iq.nested_theil(y, w, groups, other, measure)), parts.total, atol=CLOSURE)
    close(sum(shapley_theil(y, w, groups, other, measure)), parts.total, atol=CLOSURE)
    close(decompose_theil(y, w, np.arange(31), measure).within, 0, atol=CLOSURE)
    y, _, groups = data
    w = np.ones(31)
    most = maximum_between(y, w, groups, measure)
    lined_up = np.empty(31, dtype=int)
    lined_up[np.argsort(y)] = np.sort(groups)
    assert decompose_theil(y, w, lined_up, measure).between <= most + CLOSURE
    assert np.isnan(maximum_between(y, w, np.arange(31) % 9))
    y, w, groups = data
    test = between_test(y, w, groups, rng=default_rng(1), draws=99, measure=measure)
    labels = default_rng(1).permuted(np.tile(groups, (99, 1)), axis=1)
    drawn = np.array(
        [decompose_theil(y, w, label, measure).between for label in labels]
    )
    seen = decompose_theil(y, w, groups, measure).between
    close(test.between, seen, MACHINE)
    assert test.p_value == (1 + (drawn >= seen - 1e-12).sum()) / 100
    close(test.expected, drawn.mean())


def test_labels_are_permuted_in_blocks_as_at_once(data, monkeypatch):
    y, w, groups = data
    at_once = between_test(y, w, groups, rng=default_rng(1), draws=99)
    monkeypatch.setattr(inequality_draws, "CELLS_AT_ONCE", 40 * 31)  # 40, 40, 19 draws
    assert between_test(y, w, groups, rng=default_rng(1), draws=99) == at_once


def test_maximum_connected_comparison_and_refusals(data):
    y = np.array([1.0, 2.0, 3.0, 8.0, 9.0, 10.0])
    groups = np.array([1, 0, 1, 0, 1, 0])
    best = max(
        decompose_theil(y, np.ones(6), np.isin(np.arange(6), pick).astype(int)).between
        for pick in combinations(range(6), 3)
    )
    close(maximum_between(y, np.ones(6), groups), best, MACHINE)
    y = np.array([9.0, 8, 7, 1, 1, 1, 2, 2])
    test = connected_test(y, np.ones(8), np.arange(8) < 3, circle(8) > 0)
    assert test.draws == 8
    assert test.p_value == 1 / 8
    refused(
        "not connected",
        connected_test,
        y,
        np.ones(8),
        np.isin(np.arange(8), [0, 4]),
        circle(8) > 0,
    )
    case = np.arange(1.0, 41.0), np.ones(40), np.arange(40) < 8, ~np.eye(40, dtype=bool)
    refused("more than 50000", connected_test, *case)
    y, w, _ = data
    refused("theil_t or theil_l", theil, y, w, "hoover")
    refused("aversion", atkinson, y, w, 0.0)


@pytest.mark.parametrize(
    ("y", "w"),
    [([1.0], [1.0]), ([1, -2.0], [1, 1]), ([1, np.nan], [1, 1]), ([1, 2], [0.0, 1])],
)
def test_refusals(y, w):
    refused(r"at least two|missing, zero or negative", theil, np.array(y), np.array(w))


def test_the_p_value_of_a_permuted_sum_is_that_of_permuted_poisson_slopes():
    rng = default_rng(1)
    x = rng.standard_normal(9)
    c = rng.poisson(3, 9).astype(float)

    def slope(counts):
        return (
            sm.GLM(counts, sm.add_constant(x), family=sm.families.Poisson())
            .fit()
            .params[1]
        )

    orders = next(permuted_orders(9, default_rng(5), 99, 99))
    drawn = np.array([slope(c[order]) for order in orders])
    observed = slope(c)
    tails = [1 + (drawn <= observed + 1e-9).sum(), 1 + (drawn >= observed - 1e-9).sum()]
    close(permuted_sum_p(c, x, default_rng(5), 99), min(1, 2 * min(tails) / 100))
    refused("constant", permuted_sum_p, np.ones(9), x, rng, 9)


@pytest.mark.parametrize("n", [2, 7, 12, 31])
def test_incomes_that_are_alike_have_no_inequality_whatever_the_rounding(n):
    income = np.full(n, np.exp(9.0))
    income[0] *= 1 + 1e-15
    people = default_rng(n).uniform(1, 9, n)
    groups = np.arange(n) % 2
    for weights in (people, np.ones(n)):
        assert [theil(income, weights, name) for name in (THEIL_T, THEIL_L)] == [0, 0]
        assert gini(income, weights) == 0
        assert [atkinson(income, weights, e) for e in (0.5, 1.0, 2.0)] == [0, 0, 0]
        parts = decompose_theil(income, weights, groups)
        assert (parts.total, parts.between, parts.within) == (0, 0, 0)
        assert np.isnan(parts.share)
        assert tuple(decompose_gini(income, weights, groups)) == (0, 0, 0, 0)
