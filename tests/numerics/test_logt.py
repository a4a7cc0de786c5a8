"""Trends and the log t regression."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy import stats

from evenfield.numerics import clubs as cb
from evenfield.numerics import logt as lt
from evenfield.numerics.clubs import (
    Clubs,
    adopt_divergent,
    association_test,
    exact_table_p,
    find_clubs,
    group_tests,
    merge_clubs,
)
from evenfield.numerics.hp_filter import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics.logt import (
    discarded_periods,
    fit_logt,
    regression_periods,
    relative_transition,
    transition_variance,
)
from evenfield.numerics.long_run_variance import quadratic_spectral
from numerics.refusals import refused
from tolerances import MACHINE, close


@pytest.fixture
def incomes():
    rng = default_rng(5)
    return (
        8
        + rng.normal(0, 0.4, (12, 1))
        + 0.03 * np.arange(30)
        + np.cumsum(rng.normal(0, 0.02, (12, 30)), axis=1)
    )


def test_trends_and_the_regression_by_hand(incomes):
    ours = hp_trend(incomes, 400.0)
    theirs = [sm.tsa.filters.hpfilter(series, 400.0)[1] for series in incomes]
    close(ours, theirs)
    line = np.arange(10.0)[None] * 0.5 + 3
    close(hp_trend(line), line, MACHINE)
    close(hp_trend(incomes + 4.6) - hp_trend(incomes), 4.6, MACHINE)
    once = hp_trend(incomes)
    more = boosted_hp_trend(incomes)
    assert np.square(incomes - more).sum() < np.square(incomes - once).sum()
    close(boosted_hp_trend(incomes, most=1), once, MACHINE)
    series = incomes[0]
    fit = sm.OLS(series[2:], sm.add_constant(series[:-2])).fit()
    close(hamilton_trend(incomes)[0], fit.fittedvalues)
    H = transition_variance(np.exp(incomes))
    fit = fit_logt(H, regression_periods(30, 10))
    b, se = by_hand(H, 10)
    close(fit.b[0], b)
    close(fit.std_error[0], se)
    close(fit.t[0], b / se)
    close(fit.speed[0], b / 2)
    groups = [incomes[:4], incomes[2:9], incomes]
    H = np.array([transition_variance(np.exp(group)) for group in groups])
    periods = regression_periods(30, 10)
    for variance in ("fqsb", "aqsb"):
        together = fit_logt(H, periods, variance)
        for i in range(3):
            close(together.t[i], fit_logt(H[i], periods, variance).t[0])
    trend = hp_trend(incomes)
    periods = regression_periods(30, 10)
    hundred = hp_trend(incomes + np.log(100))
    one, two = (
        fit_logt(transition_variance(np.exp(x)), periods).t[0] for x in (trend, hundred)
    )
    close(one, two, MACHINE)
    one, two = (
        fit_logt(transition_variance(x), periods).t[0] for x in (trend, hundred)
    )
    assert abs(one - two) > 0.1


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array([[1.0, np.nan, 2.0, 3.0]])])
def test_trend_refuses(bad):
    refused(r"at least 3|gap", hp_trend, bad)
    refused("positive", hp_trend, np.ones((2, 5)), 0.0)
    refused("too few", hamilton_trend, np.ones((2, 4)))


def test_periods_paths_and_kernel():
    assert [discarded_periods(T) for T in (34, 43, 21)] == [11, 14, 7]
    assert discarded_periods(10, 0.25) == 2
    assert list(regression_periods(7, 2)) == [3, 4, 5, 6, 7]
    for T, discard in ((6, 2), (30, 0)):
        refused("at least 5", regression_periods, T, discard)
    close(
        relative_transition(np.array([[1.0, 2.0], [3.0, 2.0]])),
        [[0.5, 1.0], [1.5, 1.0]],
    )
    assert list(transition_variance(np.array([[1.0, 2.0], [3.0, 2.0]]))) == [0.25, 0.0]
    refused(
        "zero or negative", relative_transition, np.array([[1.0, 2.0], [-1.0, 2.0]])
    )
    H = np.vstack([np.full(12, 0.2) / np.arange(1, 13), np.zeros(12)])
    fit = fit_logt(H, regression_periods(12, 4))
    assert np.isnan(fit.t[1])
    assert np.isfinite(fit.b[0])
    refused("fqsb", fit_logt, H, regression_periods(12, 4), "white")
    close(quadratic_spectral(np.array([1e-4]))[0], 1, atol=1e-6)
    close(quadratic_spectral(np.array([1.0]))[0], 0.1379, atol=5e-5)


def by_hand(H, m):
    """The formulas of research-design.md E5, written out in loops."""
    t = np.arange(m + 1, len(H) + 1)
    y = np.log(H[0] / H[t - 1]) - 2 * np.log(np.log(t))
    Z = np.column_stack([np.ones(len(t)), np.log(t)])
    a, b = np.linalg.lstsq(Z, y, rcond=None)[0]
    u = y - Z @ [a, b]
    n = len(u)
    rho = (u[1:] @ u[:-1]) / (u[:-1] @ u[:-1])
    S = 1.3221 * (4 * rho**2 * n / (1 - rho) ** 4) ** 0.2
    total = u @ u
    for j in range(1, n - 1):
        x = 1.2 * np.pi * j / S
        total += (
            2
            * 3
            / x**2
            * (np.sin(x) / x - np.cos(x))
            * sum(u[s] * u[s + j] for s in range(n - 1 - j))
        )
    return b, np.sqrt(total / (n - 1) * np.linalg.inv(Z.T @ Z)[1, 1])


PERIODS = regression_periods(30, 10)


def two_clubs(n=12, T=30, seed=3):
    rng = default_rng(seed)
    target = np.repeat([1.0, 3.0], n // 2)[:, None]
    return (
        target
        + rng.normal(0, 0.2, n)[:, None] * np.exp(-0.1 * np.arange(T))
        + rng.normal(0, 1e-3, (n, T))
    )


def one_by_one(x, rows):
    return fit_logt(transition_variance(x[list(rows)]), PERIODS).t[0]


@pytest.fixture
def tests():
    return group_tests(two_clubs(), PERIODS, "fqsb")


def test_cumulated_sums_and_cores(tests):
    x = two_clubs()
    order = np.array([3, 7, 0, 9, 11, 2])
    pairs = [one_by_one(x, order[i : i + 2]) for i in range(5)]
    prefixes = [one_by_one(x, order[:k]) for k in range(2, 7)]
    close(tests.pairs(order), pairs)
    close(tests.prefixes(order, 2, 6), prefixes)
    close(tests.prefixes(order, 4, 6), prefixes[2:])
    core = order[:3]
    others = order[3:]
    wanted = [one_by_one(x, [*core, other]) for other in others]
    close(tests.additions(core, others), wanted)
    x = two_clubs()
    order = np.argsort(-x[:, -1], kind="stable")
    core = cb.core_of(tests, order)
    assert set(core) <= set(range(6, 12))
    t = [one_by_one(x, order[:k]) for k in range(2, 13)]
    first = next(i for i, value in enumerate(t) if value <= -1.65)
    assert len(core) == 2 + int(np.argmax(t[:first]))
    club = tests.club(np.array([0, 1, 8, 9]))
    assert isinstance(club, cb.Club)
    assert club.t < -1.65
    assert not club.converges
    apart = Clubs(split(tests, [6, 7, 8, 9, 10], [0, 1, 2, 3, 4]).clubs, (5, 11))
    adopted = adopt_divergent(tests, apart)
    assert [club.members for club in adopted.clubs] == [
        tuple(range(6, 12)),
        tuple(range(6)),
    ]
    assert adopted.divergent == ()
    assert adopt_divergent(tests, apart, 1e9).divergent == (5, 11)


def test_a_tight_group_far_from_zero_loses_no_digits():
    x = 1e4 + two_clubs()
    tests = group_tests(x, PERIODS, "fqsb")
    wanted = [one_by_one(x, range(6, 6 + k)) for k in range(2, 7)]
    close(tests.prefixes(np.arange(6, 12), 2, 6), wanted, rtol=1e-6)


def test_planted_clubs_are_found_in_any_order_and_converge():
    result = find_clubs(two_clubs(), PERIODS)
    assert [club.members for club in result.clubs] == [
        tuple(range(6, 12)),
        tuple(range(6)),
    ]
    assert list(result.labels(12)) == [2] * 6 + [1] * 6
    assert result.divergent == ()
    x = two_clubs()[:6]
    assert [club.members for club in find_clubs(x, PERIODS).clubs] == [tuple(range(6))]
    x = np.exp(0.05 * np.outer(np.arange(1, 5), np.arange(30)))
    result = find_clubs(x, PERIODS)
    assert result.clubs == ()
    assert result.divergent == (0, 1, 2, 3)
    x = np.exp(0.02 * np.arange(30))[None].repeat(4, axis=0)
    result = find_clubs(x, PERIODS)
    assert result.clubs == ()
    assert len(result.divergent) == 4
    x = two_clubs()
    order = default_rng(0).permutation(12)
    one = find_clubs(x, PERIODS)
    two = find_clubs(7 * x[order], PERIODS)
    assert [set(c.members) for c in one.clubs] == [
        {int(order[i]) for i in c.members} for c in two.clubs
    ]
    close([c.t for c in one.clubs], [c.t for c in two.clubs])


def test_refusals():
    refused("two units", find_clubs, np.ones((1, 30)), PERIODS)
    refused("not positive", find_clubs, -two_clubs(), PERIODS)
    refused("sieve", find_clubs, two_clubs(), PERIODS, sieve=cb.SieveRule(step=-1.0))
    refused(
        "merged by",
        merge_clubs,
        group_tests(two_clubs(), PERIODS, "fqsb"),
        Clubs((), ()),
        "all",
    )
    case = np.zeros(4, dtype=int), np.array([0, 0, 1, 1]), default_rng(0), 9
    refused("one group", association_test, *case)


def split(tests, *groups):
    return Clubs(tuple(tests.club(np.array(group)) for group in groups), ())


@pytest.mark.parametrize("method", ["phillips_sul", "von_lyncker_thoennessen"])
def test_merging_undoes_a_split(tests, method):
    merged = merge_clubs(
        tests, split(tests, [6, 7, 8], [9, 10, 11], [0, 1, 2], [3, 4, 5]), method
    )
    assert [club.members for club in merged.clubs] == [
        tuple(range(6, 12)),
        tuple(range(6)),
    ]
    assert [club.merged_from for club in merged.clubs] == [(1, 2), (3, 4)]
    assert (
        merge_clubs(tests, split(tests, [6, 7], [0, 1]), "none").clubs[0].merged_from
        == ()
    )


def test_shared_membership_and_exact_tests():
    shared = cb.shared_membership([np.array([1, 1, 2, 0]), np.array([1, 2, 2, 0])])
    close(shared, [[1, 0.5, 0, 0], [0.5, 1, 0.5, 0], [0, 0.5, 1, 0], [0, 0, 0, 1]])
    close(cb.core_stability(shared, np.array([1, 1, 1, 0])), [0.25, 0.5, 0.25, np.nan])
    for table in ([[3, 1], [2, 9]], [[8, 2], [1, 5]], [[1, 4], [4, 1]]):
        close(exact_table_p(np.array(table)), stats.fisher_exact(table)[1], MACHINE)
    # Freeman and Halton's statistic, by R: fisher.test(matrix(c(3,0,1,0,4,2,1,1,5),
    # 3))$p.value
    table = np.array([[3, 0, 1], [0, 4, 1], [1, 2, 5]])
    exact = exact_table_p(table)
    a, b = (np.repeat(np.arange(3), table.sum(axis=axis)) for axis in (1, 0))
    test = association_test(
        a,
        np.concatenate([np.repeat(np.arange(3), row) for row in table]),
        default_rng(2),
        19999,
    )
    assert_array_equal(cb.count_table(a, b).sum(axis=1), table.sum(axis=1))
    assert_array_equal(test.table, table)
    assert test.exact_p == exact
    close(test.permutation_p, exact, atol=0.01)
    close(exact_table_p(table.T), exact, MACHINE)


def test_the_two_ways_of_merging_differ_where_the_second_pair_fits_better(monkeypatch):
    # Pairs by t: (1, 2) 0.5, (2, 3) 2.0, and all three together -3.
    t = {(0, 1): 0.5, (1, 2): 2.0, (0, 1, 2): -3.0}
    monkeypatch.setattr(
        "evenfield.numerics.clubs._union_t",
        lambda _tests, result, group: t[tuple(group)],
    )
    tests = group_tests(two_clubs(), PERIODS, "fqsb")
    three = split(tests, [6, 7, 8, 9], [0, 1], [2, 3, 4])
    first = [
        club.merged_from for club in merge_clubs(tests, three, "phillips_sul").clubs
    ]
    best = [
        club.merged_from
        for club in merge_clubs(tests, three, "von_lyncker_thoennessen").clubs
    ]
    assert first == [(1, 2), ()]
    assert best == [(), (2, 3)]


def test_a_table_that_no_draw_reaches_has_the_smallest_p_value():
    group = np.repeat(np.arange(3), 12)
    test = association_test(group, group, default_rng(1), 99)
    assert test.permutation_p == 1 / 100


def aqsb_by_hand(H, m):
    """The automatic bandwidth of Andrews (1991) for the scores u log t, in loops."""
    t = np.arange(m + 1, len(H) + 1)
    y = np.log(H[0] / H[t - 1]) - 2 * np.log(np.log(t))
    fit = sm.OLS(y, sm.add_constant(np.log(t))).fit()
    n = len(t)
    scores = fit.resid * np.log(t)
    ar1 = sm.OLS(scores[1:], sm.add_constant(scores[:-1])).fit()
    a = ar1.params[1]
    variance = (ar1.resid**2).mean()
    alpha = (4 * a**2 * variance**2 / (1 - a) ** 8) / (variance**2 / (1 - a) ** 4)
    bandwidth = 1.3221 * (alpha * n) ** 0.2
    centred = np.log(t) - np.log(t).mean()
    used = fit.resid * centred
    total = used @ used
    for j in range(1, n):
        x = 1.2 * np.pi * j / bandwidth
        kernel = 3 / x**2 * (np.sin(x) / x - np.cos(x))
        total += 2 * kernel * (used[j:] @ used[:-j])
    squares = centred @ centred
    return fit.params[1], np.sqrt(total / squares**2 * n / (n - 2))


def test_the_automatic_bandwidth_by_hand(incomes):
    H = transition_variance(np.exp(incomes))
    fit = fit_logt(H, regression_periods(30, 10), "aqsb")
    close((fit.b[0], fit.std_error[0]), aqsb_by_hand(H, 10))
    close(fit.t[0], fit.b[0] / fit.std_error[0])
    assert fit.speed[0] == fit.b[0] / 2


def test_dispersion_without_error_has_no_ratio():
    assert np.isnan(fit_logt(np.ones((1, 12)) * 0, regression_periods(12, 4)).t[0])


def test_normal_tail_and_interval_of_the_slope():
    close(lt.one_sided_p(-1.65), stats.norm.cdf(-1.65))
    low, high = lt.slope_interval(0.4, 0.2, 0.9)
    close(
        (low, high),
        (0.4 - 0.2 * stats.norm.ppf(0.95), 0.4 + 0.2 * stats.norm.ppf(0.95)),
    )
    assert lt.CRITICAL_VALUE == -1.65
    assert [discarded_periods(T) for T in (30, 31, 41)] == [10, 10, 14]
    assert discarded_periods(30, 0.2) == 6
