"""Convergence clubs: which are merged first."""

import numpy as np
import pytest

from evenfield.numerics import clubs as cb
from evenfield.numerics.logt import regression_periods

PERIODS = regression_periods(30, 10)


def four_clubs(monkeypatch, t):
    """Return tests and four clubs, one, two, three and four, whose unions have given
    values of t.
    """
    monkeypatch.setattr(
        "evenfield.numerics.clubs._union_t",
        lambda _tests, _found, group: t[tuple(group)],
    )
    rng = np.random.default_rng(1)
    tests = cb.group_tests(5 + rng.uniform(size=(8, 30)), PERIODS, "fqsb")
    clubs = [tests.club(np.array([2 * k, 2 * k + 1])) for k in range(4)]
    return tests, cb.Clubs(tuple(clubs), ())


def merged(tests, found):
    result = cb.merge_clubs(tests, found, "von_lyncker_thoennessen")
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
    rng = np.random.default_rng(seed)
    decay = np.exp(-0.15 * np.arange(30))
    target = 3 + np.repeat([0.0, 0.03], 6)[:, None] * rng.uniform(0, 2, (12, 1))
    x = target + rng.normal(0, 0.2, (12, 1)) * decay + rng.normal(0, 1e-3, (12, 30))
    tests = cb.group_tests(x, PERIODS, "fqsb")
    order = np.argsort(-x[:, -1], kind="stable")
    core = cb.core_of(tests, order)
    others = order[~np.isin(order, core)]
    if not len(others):
        return
    club = cb._sieved(tests, core, others, cb.DEFAULT_SIEVE)
    t = tests.additions(core, others)
    level = 0.0
    while level <= 50:
        members = np.sort(np.concatenate([core, others[t > level]]))
        if tests.group(members).t[0] > -1.65:
            break
        level = round(level + 0.1, 10)
    assert club.members == tuple(members.tolist())
    assert club.sieve == pytest.approx(level)
