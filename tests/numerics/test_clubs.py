"""Convergence clubs: which are merged first, and the algorithm one group at a time."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy import stats
from scipy.special import gammaln

from evenfield.numerics import clubs as cb
from evenfield.numerics.clubs import (
    DEFAULT_SIEVE,
    Clubs,
    SieveRule,
    adopt_divergent,
    core_of,
    find_clubs,
    group_tests,
)
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from tolerances import close

PERIODS = regression_periods(30, 10)


def four_clubs(monkeypatch, t):
    """Return tests and four clubs, one, two, three and four, whose unions have given
    values of t.
    """
    monkeypatch.setattr(
        "evenfield.numerics.clubs._union_t",
        lambda _tests, result, group: t[tuple(group)],
    )
    rng = default_rng(1)
    tests = group_tests(5 + rng.uniform(size=(8, 30)), PERIODS, "fqsb")
    clubs = [tests.club(np.array([2 * k, 2 * k + 1])) for k in range(4)]
    return tests, Clubs(tuple(clubs), ())


def merged(tests, outcome):
    result = cb.merge_clubs(tests, outcome, "von_lyncker_thoennessen")
    return [club.merged_from for club in result.clubs]


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
    t = {(0, 1): -1.7, (1, 2): -3.0, (2, 3): -1.6, (1, 2, 3): -9.0}
    t |= {(0, 1, 2, 3): -9.0}
    assert merged(*four_clubs(monkeypatch, t)) == [(), (), (3, 4)]


def test_units_are_sorted_by_their_mean_over_the_last_share_of_dates():
    x = np.array([[9.0, 1, 1, 4], [1, 1, 5, 3], [1, 1, 1, 5]])
    assert list(cb._sorted_rows(x, 0.0)) == [2, 0, 1]
    assert list(cb._sorted_rows(x, 0.5)) == [1, 2, 0]
    assert list(cb._sorted_rows(x, 1.0)) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(4))
def test_a_stricter_sieve_is_the_smallest_step_at_which_the_club_converges(seed):
    # Six units converge, six more come ever less close; candidates join by their t.
    rng = default_rng(seed)
    decay = np.exp(-0.15 * np.arange(30))
    target = 3 + np.repeat([0.0, 0.03], 6)[:, None] * rng.uniform(0, 2, (12, 1))
    x = target + rng.normal(0, 0.2, (12, 1)) * decay + rng.normal(0, 1e-3, (12, 30))
    tests = group_tests(x, PERIODS, "fqsb")
    order = np.argsort(-x[:, -1], kind="stable")
    core = core_of(tests, order)
    others = order[~np.isin(order, core)]
    if not len(others):
        return
    club = cb._sieved(tests, core, others, DEFAULT_SIEVE)
    t = tests.additions(core, others)
    level = 0.0
    while level <= 50:
        members = np.sort(np.concatenate([core, others[t > level]]))
        if tests.group(members).t[0] > -1.65:
            break
        level = round(level + 0.1, 10)
    assert club.members == tuple(members.tolist())
    close(club.sieve, level)


def one_by_one(x, rows, variance="fqsb"):
    H = transition_variance(x[list(rows)])
    return fit_logt(H, PERIODS, variance).t[0]


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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sampling_spread", [0.0, 0.02, 0.06])
@pytest.mark.parametrize("rule", RULES)
def test_clubs_of_many_units_are_those_of_groups_tested_one_by_one(
    seed, sampling_spread, rule
):
    x = many_units(seed, sampling_spread)
    result = find_clubs(x, PERIODS, sieve=rule)
    clubs, divergent = clubs_by_hand(x, rule)
    assert [list(club.members) for club in result.clubs] == [one[0] for one in clubs]
    assert [club.sieve for club in result.clubs] == pytest.approx(
        [one[1] for one in clubs], nan_ok=True
    )
    assert list(result.divergent) == divergent
    for club in result.clubs:
        close(club.t, one_by_one(x, club.members), rtol=1e-6)
        assert club.converges == (club.t > -1.65)


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
    low = np.flatnonzero(x[:, -1] < 3)
    middle = np.flatnonzero((x[:, -1] > 3) & (x[:, -1] < 5))
    result = adopt_divergent(tests, Clubs((tests.club(middle),), tuple(low.tolist())))
    assert [club.members for club in result.clubs] == [
        tuple(middle.tolist()),
        tuple(low.tolist()),
    ]
    assert result.divergent == ()
    two = Clubs((tests.club(middle),), tuple(low[:2].tolist()))
    assert len(adopt_divergent(tests, two).clubs) == 2


def test_units_are_adopted_by_the_club_with_the_largest_t_one_after_another():
    rng = default_rng(2)
    t = np.arange(30)
    x = np.repeat([4.0, 3.0], 6)[:, None] + rng.normal(0, 0.2, (12, 1)) * np.exp(
        -0.1 * t
    )
    x = x + rng.normal(0, 1e-3, (12, 30))
    tests = group_tests(x, PERIODS, "fqsb")
    start = [[0, 1, 2, 3], [6, 7, 8, 9]]
    left = [4, 5, 10, 11]
    clubs = [list(club) for club in start]
    while left:
        if len(left) > 1 and one_by_one(x, left) > -1.65:
            clubs.append(left)
            left = []
            break
        best = max(
            (
                (one_by_one(x, [*club, u]), c, u)
                for c, club in enumerate(clubs)
                for u in left
            )
        )
        if not best[0] > -1.65:
            break
        clubs[best[1]].append(best[2])
        left.remove(best[2])
    before = Clubs(tuple(tests.club(np.array(club)) for club in start), (4, 5, 10, 11))
    result = adopt_divergent(tests, before)
    assert [list(club.members) for club in result.clubs] == [sorted(c) for c in clubs]
    assert list(result.divergent) == left


def test_association_of_two_groupings_and_its_size():
    a = np.repeat([0, 0, 1, 1, 2], [6, 2, 3, 5, 4])
    b = np.repeat([0, 1, 0, 1, 1], [6, 2, 3, 5, 4])
    result = cb.association_test(a, b, default_rng(3), 499)
    table = np.array([[6, 2], [3, 5], [0, 4]])
    assert_array_equal(result.table, table)
    chi2 = stats.chi2_contingency(table, correction=False)[0]
    close(result.cramers_v, np.sqrt(chi2 / 20))
    orders = np.argsort(default_rng(3).random((499, 20)), axis=1)

    def likelihood(counts):
        return -gammaln(counts + 1.0).sum()

    drawn = [likelihood(cb.count_table(a, b[order])) for order in orders]
    beyond = sum(value <= likelihood(table) + 1e-7 for value in drawn)
    assert result.permutation_p == (1 + beyond) / 500


def test_stability_leaves_out_units_of_no_club():
    shared = np.array([[1, 0.5, 0.2], [0.5, 1, 0.9], [0.2, 0.9, 1]])
    result = cb.core_stability(shared, np.array([1, 0, 0]))
    assert np.isnan(result).all()


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
    x = wandering_units(seed)
    result = find_clubs(x, PERIODS, sieve=rule)
    clubs, divergent = clubs_by_hand(x, rule)
    assert [list(club.members) for club in result.clubs] == [one[0] for one in clubs]
    assert [club.sieve for club in result.clubs] == pytest.approx(
        [one[1] for one in clubs], nan_ok=True
    )
    assert list(result.divergent) == divergent
