"""Convergence clubs: planted clubs, which are merged first, and the algorithm one group
at a time; groupings against one another.
"""

from itertools import pairwise

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy import stats
from scipy.special import gammaln

from evenfield.numerics import association
from evenfield.numerics import clubs as cb
from evenfield.numerics.association import association_test, exact_table_p
from evenfield.numerics.clubs import (
    DEFAULT_SIEVE,
    Clubs,
    SieveRule,
    adopt_divergent,
    core_of,
    find_clubs,
    group_tests,
    merge_clubs,
)
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from evenfield.numerics.permutations import permuted_orders
from numerics.refusals import refused
from tolerances import MACHINE, close
from yaml_text import from_yaml

PERIODS = regression_periods(30, 10)


def one_by_one(x, rows):
    return fit_logt(transition_variance(x[list(rows)]), PERIODS).t[0]


def members(result):
    return [list(club.members) for club in result.clubs]


def split(tests, *groups, divergent=()):
    return Clubs(tuple(tests.club(np.array(group)) for group in groups), divergent)


def two_clubs(n=12, T=30, seed=3):
    rng = default_rng(seed)
    target = np.repeat([1.0, 3.0], n // 2)[:, None]
    gap = rng.normal(0, 0.2, n)[:, None] * np.exp(-0.1 * np.arange(T))
    return target + gap + rng.normal(0, 1e-3, (n, T))


LOW = list(range(6))
HIGH = list(range(6, 12))


@pytest.fixture
def tests():
    return group_tests(two_clubs(), PERIODS, "fqsb")


def test_cumulated_sums_are_tests_one_by_one(tests):
    x = two_clubs()
    order = np.array([3, 7, 0, 9, 11, 2])
    prefixes = [one_by_one(x, order[:k]) for k in range(2, 7)]
    close(tests.pairs(order), [one_by_one(x, order[i : i + 2]) for i in range(5)])
    close(tests.prefixes(order, 2, 6, smallest=2), prefixes)
    close(tests.prefixes(order, 2, 6, smallest=4), prefixes[2:])
    close(tests.prefixes(order, 4, 6, smallest=4), prefixes[2:])
    core, others = order[:3], order[3:]
    added = [one_by_one(x, [*core, other]) for other in others]
    close(tests.additions(core, others), added)


def test_a_tight_group_far_from_zero_loses_no_digits():
    x = 1e4 + two_clubs()
    wanted = [one_by_one(x, range(6, 6 + k)) for k in range(2, 7)]
    tests = group_tests(x, PERIODS, "fqsb")
    prefixes = tests.prefixes(np.arange(6, 12), 2, 6, smallest=2)
    close(prefixes, wanted, rtol=1e-6)


def test_a_group_at_the_critical_value_itself_does_not_converge(tests, monkeypatch):
    t = tests.club(np.arange(12)).t
    monkeypatch.setattr(cb, "CRITICAL_VALUE", t)
    assert not tests.club(np.arange(12)).converges


def test_planted_clubs_are_found_in_any_order_and_currency():
    x = two_clubs()
    result = find_clubs(x, PERIODS)
    assert members(result) == [HIGH, LOW]
    assert list(result.labels(12)) == [2] * 6 + [1] * 6
    assert result.divergent == ()
    order = default_rng(0).permutation(12)
    moved = find_clubs(7 * x[order], PERIODS)
    assert [sorted(order[club]) for club in members(moved)] == [HIGH, LOW]
    close([club.t for club in moved.clubs], [club.t for club in result.clubs])


def test_a_sample_that_converges_is_one_club():
    assert members(find_clubs(two_clubs()[:6], PERIODS)) == [LOW]


@pytest.mark.parametrize("growth", [0.05 * np.arange(1, 5), np.full(4, 0.02)])
def test_paths_that_diverge_or_are_alike_form_no_club(growth):
    result = find_clubs(np.exp(np.outer(growth, np.arange(30))), PERIODS)
    assert result.clubs == ()
    assert sorted(result.divergent) == [0, 1, 2, 3]


def test_refusals(tests):
    refused("two units", find_clubs, np.ones((1, 30)), PERIODS)
    refused("not positive", find_clubs, -two_clubs(), PERIODS)
    refused("sieve", find_clubs, two_clubs(), PERIODS, sieve=SieveRule(step=-1.0))
    refused("merged by", merge_clubs, tests, Clubs((), ()), "all")
    one_group = np.zeros(4, dtype=int)
    two_groups = np.array([0, 0, 1, 1])
    refused("one group", association_test, one_group, two_groups, default_rng(0), 9)


@pytest.mark.parametrize("method", ["phillips_sul", "von_lyncker_thoennessen"])
def test_merging_undoes_a_split(tests, method):
    parts = split(tests, [6, 7, 8], [9, 10, 11], [0, 1, 2], [3, 4, 5])
    merged = merge_clubs(tests, parts, method)
    assert members(merged) == [HIGH, LOW]
    assert [club.merged_from for club in merged.clubs] == [(1, 2), (3, 4)]
    left = merge_clubs(tests, split(tests, [6, 7], [0, 1]), "none")
    assert left.clubs[0].merged_from == ()


def planted_unions(monkeypatch, t):
    """Let the unions of clubs have given values of t."""
    monkeypatch.setattr(
        "evenfield.numerics.clubs._union_t",
        lambda _tests, result, group: t[tuple(group)],
    )


def merged(tests, outcome, method="von_lyncker_thoennessen"):
    result = merge_clubs(tests, outcome, method)
    return [club.merged_from for club in result.clubs]


def test_the_two_ways_of_merging_differ_where_the_second_pair_fits_better(
    tests, monkeypatch
):
    # Pairs by t: (1, 2) 0.5, (2, 3) 2.0, and all three together -3.
    planted_unions(monkeypatch, {(0, 1): 0.5, (1, 2): 2.0, (0, 1, 2): -3.0})
    three = split(tests, [6, 7, 8, 9], [0, 1], [2, 3, 4])
    assert merged(tests, three, "phillips_sul") == [(1, 2), ()]
    assert merged(tests, three) == [(), (2, 3)]


def four_clubs(monkeypatch, t):
    """Return tests and four clubs whose unions have given values of t."""
    planted_unions(monkeypatch, t)
    tests = group_tests(5 + default_rng(1).uniform(size=(8, 30)), PERIODS, "fqsb")
    return tests, split(tests, *np.arange(8).reshape(4, 2))


def test_of_two_peaks_the_first_is_merged_and_changes_what_follows(monkeypatch):
    # Von Lyncker and Thoennessen (2017): peaks (1, 2) and (3, 4); once 1 and 2 are one
    # club it fits 3 better than 4 does.
    t = {
        (0, 1): 1.0,
        (1, 2): -5.0,
        (2, 3): 1.0,
        (0, 1, 2): 3.0,
        (0, 1, 2, 3): -5.0,
        (1, 2, 3): -5.0,
    }
    assert merged(*four_clubs(monkeypatch, t)) == [(1, 2, 3), ()]


def test_a_pair_below_the_critical_value_is_no_peak(monkeypatch):
    t = {
        (0, 1): -1.7,
        (1, 2): -3.0,
        (2, 3): -1.6,
        (1, 2, 3): -9.0,
    }
    t |= {(0, 1, 2, 3): -9.0}
    assert merged(*four_clubs(monkeypatch, t)) == [(), (), (3, 4)]


def test_units_are_sorted_by_their_mean_over_the_last_share_of_dates():
    x = np.array([[9.0, 1, 1, 4], [1, 1, 5, 3], [1, 1, 1, 5]])
    assert list(cb._sorted_rows(x, 0.0)) == [2, 0, 1]
    assert list(cb._sorted_rows(x, 0.5)) == [1, 2, 0]
    assert list(cb._sorted_rows(x, 1.0)) == [0, 1, 2]


def clubs_by_hand(x, rule=DEFAULT_SIEVE, critical=-1.65):
    """Phillips and Sul (2007), section 4, one group at a time: clubs and the rest."""
    left = sorted(range(len(x)), key=lambda i: -x[i, -1])
    clubs = []
    while len(left) > 1:
        if one_by_one(x, left) > critical:
            return [*clubs, (sorted(left), np.nan)], []
        pairs = [one_by_one(x, pair) for pair in pairwise(left)]
        first = next((i for i, t in enumerate(pairs) if t > critical), None)
        if first is None:
            break
        prefixes = []
        for end in range(first + 2, len(left) + 1):
            t = one_by_one(x, left[first:end])
            if not t > critical:
                break
            prefixes.append(t)
        core = left[first : first + 2 + int(np.argmax(prefixes))]
        others = [unit for unit in left if unit not in core]
        added = {unit: one_by_one(x, [*core, unit]) for unit in others}
        level = rule.start
        step = 0
        while True:
            club = [*core, *(unit for unit in others if added[unit] > level)]
            if one_by_one(x, club) > critical or rule.step == 0:
                break
            step += 1
            level = rule.start + rule.step * step
            if level > rule.cap + 1e-9:
                club, level = core, rule.cap
                break
        clubs.append((sorted(club), level))
        left = [unit for unit in left if unit not in club]
    return clubs, sorted(left)


def many_units(seed, sampling_spread=0.02):
    """Twenty paths that fall apart above two groups that nearly converge."""
    rng = default_rng(seed)
    t = np.arange(30)
    apart = 6 + np.linspace(2, 0.3, 20)[:, None] * (1 + 0.06 * t)
    target = np.repeat([4.0, 2.5], [24, 9])[:, None]
    target = target + sampling_spread * rng.uniform(-1, 1, (33, 1))
    near = target + rng.normal(0, 0.2, (33, 1)) * np.exp(-0.12 * t)
    x = np.concatenate([apart, near]) + rng.normal(0, 1e-3, (53, 30))
    return x[rng.permutation(53)]


RULES = [DEFAULT_SIEVE, SieveRule(0.5, 0.5, 2.0), SieveRule(step=0.0)]


def clubs_are_those_by_hand(x, rule):
    result = find_clubs(x, PERIODS, sieve=rule)
    clubs, divergent = clubs_by_hand(x, rule)
    assert members(result) == [one[0] for one in clubs]
    close([club.sieve for club in result.clubs], [one[1] for one in clubs])
    assert list(result.divergent) == divergent
    for club in result.clubs:
        close(club.t, one_by_one(x, club.members), rtol=1e-6)
        assert club.converges == (club.t > -1.65)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [0.0, 0.02, 0.06])
@pytest.mark.parametrize("rule", RULES)
def test_clubs_of_many_units_are_those_of_groups_tested_one_by_one(seed, width, rule):
    clubs_are_those_by_hand(many_units(seed, width), rule)


def test_a_long_core_and_a_late_first_pair_are_found_in_blocks():
    sizes = []
    for seed in range(3):
        x = many_units(seed, 0.0)
        order = np.argsort(-x[:, -1], kind="stable")
        tests = group_tests(x, PERIODS, "fqsb")
        core = core_of(tests, order)
        t = [one_by_one(x, order[20 : 20 + k]) for k in range(2, 25)]
        first_failure = next((i for i, v in enumerate(t) if v <= -1.65), len(t))
        assert len(core) == 2 + int(np.argmax(t[:first_failure]))
        sizes.append(len(core))
        assert list(core) == list(order[20 : 20 + len(core)])
    assert max(sizes) > cb.FIRST_BLOCK + 1


def test_units_of_no_club_that_converge_together_become_one():
    x = many_units(1, 0.0)
    tests = group_tests(x, PERIODS, "fqsb")
    low = np.flatnonzero(x[:, -1] < 3).tolist()
    middle = np.flatnonzero((x[:, -1] > 3) & (x[:, -1] < 5)).tolist()
    result = adopt_divergent(tests, split(tests, middle, divergent=tuple(low)))
    assert members(result) == [middle, low]
    assert result.divergent == ()
    two = split(tests, middle, divergent=tuple(low[:2]))
    assert len(adopt_divergent(tests, two).clubs) == 2


def test_no_unit_is_adopted_below_the_critical_value(tests, monkeypatch):
    apart = split(tests, HIGH[:5], LOW[:5], divergent=(5, 11))
    assert members(adopt_divergent(tests, apart)) == [HIGH, LOW]
    monkeypatch.setattr("evenfield.numerics.clubs.CRITICAL_VALUE", 1e9)
    assert adopt_divergent(tests, apart).divergent == (5, 11)


def test_units_are_adopted_by_the_club_with_the_largest_t_one_after_another():
    rng = default_rng(2)
    gap = rng.normal(0, 0.2, (12, 1)) * np.exp(-0.1 * np.arange(30))
    x = np.repeat([4.0, 3.0], 6)[:, None] + gap + rng.normal(0, 1e-3, (12, 30))
    tests = group_tests(x, PERIODS, "fqsb")
    clubs = [[0, 1, 2, 3], [6, 7, 8, 9]]
    left = [4, 5, 10, 11]
    before = split(tests, *clubs, divergent=tuple(left))
    while left:
        if len(left) > 1 and one_by_one(x, left) > -1.65:
            clubs.append(left)
            left = []
            break
        fits = []
        for c, club in enumerate(clubs):
            fits += [(one_by_one(x, [*club, unit]), c, unit) for unit in left]
        t, c, unit = max(fits)
        if not t > -1.65:
            break
        clubs[c].append(unit)
        left.remove(unit)
    result = adopt_divergent(tests, before)
    assert members(result) == [sorted(club) for club in clubs]
    assert list(result.divergent) == left


def test_shared_membership_leaves_out_units_of_no_club():
    variants = [np.array([1, 1, 2, 0]), np.array([1, 2, 2, 0])]
    shared = cb.shared_membership(variants)
    assert shared.tolist() == [
        [1, 0.5, 0, 0],
        [0.5, 1, 0.5, 0],
        [0, 0.5, 1, 0],
        [0, 0, 0, 1],
    ]
    stability = cb.core_stability(variants, np.array([1, 1, 1, 0]))
    close(stability, [0.25, 0.5, 0.25, np.nan])
    assert np.isnan(cb.core_stability(variants, np.array([1, 0, 0, 0]))).all()


@pytest.mark.parametrize(
    "table",
    from_yaml("""
    - [[3, 1], [2, 9]]
    - [[8, 2], [1, 5]]
    - [[1, 4], [4, 1]]
    """),
)
def test_exact_test_of_two_by_two_is_that_of_scipy(table):
    close(exact_table_p(np.array(table)), stats.fisher_exact(table)[1], MACHINE)


def test_exact_test_of_three_by_three_is_near_its_permutations():
    table = np.array([[3, 0, 1], [0, 4, 1], [1, 2, 5]])
    exact = exact_table_p(table)
    a = np.repeat(np.arange(3), table.sum(axis=1))
    b = np.concatenate([np.repeat(np.arange(3), row) for row in table])
    test = association_test(a, b, default_rng(2), 19999)
    assert_array_equal(test.table, table)
    assert test.exact_p == exact
    close(test.permutation_p, exact, atol=0.01)
    close(exact_table_p(table.T), exact, MACHINE)


def test_a_table_that_no_draw_reaches_has_the_smallest_p_value():
    group = np.repeat(np.arange(3), 12)
    test = association_test(group, group, default_rng(1), 99)
    assert test.permutation_p == 1 / 100


def test_association_of_two_groupings_and_its_size():
    a = np.repeat([0, 0, 1, 1, 2], [6, 2, 3, 5, 4])
    b = np.repeat([0, 1, 0, 1, 1], [6, 2, 3, 5, 4])
    result = association_test(a, b, default_rng(3), 499)
    table = np.array([[6, 2], [3, 5], [0, 4]])
    assert_array_equal(result.table, table)
    chi2 = stats.chi2_contingency(table, correction=False)[0]
    close(result.cramers_v, np.sqrt(chi2 / 20))
    orders = next(permuted_orders(20, default_rng(3), 499, 499))

    def likelihood(counts):
        return -gammaln(counts + 1.0).sum()

    drawn = [likelihood(association.count_table(a, b[order])) for order in orders]
    beyond = sum(value <= likelihood(table) + 1e-7 for value in drawn)
    assert result.permutation_p == (1 + beyond) / 500


def wandering_units(seed):
    """Thirty paths that wander, of which candidates converge with a core and not with
    one another.
    """
    rng = default_rng(seed)
    level = rng.normal(0, 0.4, (30, 1)) * np.exp(-0.02 * np.arange(30))
    return 8 + level + rng.normal(0, 0.03, (30, 30)).cumsum(axis=1)


@pytest.mark.parametrize("rule", [*RULES, SieveRule(0.0, 0.1, 0.2)])
@pytest.mark.parametrize("seed", [1, 8, 20, 39])
def test_the_sieve_is_raised_until_the_club_converges_or_its_cap_is_reached(seed, rule):
    clubs_are_those_by_hand(wandering_units(seed), rule)


def test_groups_tested_few_at_once_are_the_same_clubs(monkeypatch):
    rng = np.random.default_rng(5)
    for _ in range(5):
        x = np.exp(
            np.cumsum(rng.normal(0.02, 0.01, (40, 30)), axis=1)
            + rng.normal(size=(40, 1))
        )
        whole = find_clubs(x, PERIODS)
        monkeypatch.setattr("evenfield.numerics.clubs.NUMBERS_AT_ONCE", 1)
        few = find_clubs(x, PERIODS)
        monkeypatch.undo()
        assert [club.members for club in few.clubs] == [
            club.members for club in whole.clubs
        ]
        assert few.divergent == whole.divergent
