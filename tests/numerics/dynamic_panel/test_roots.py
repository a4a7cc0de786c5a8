"""Jackknife, bias-corrected roots and intervals, against their definitions in loops."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import stats

from evenfield.models.anderson_hsiao import anderson_hsiao_root
from evenfield.numerics.dynamic_panel import bias_corrected as bc
from evenfield.numerics.dynamic_panel import within as wi
from evenfield.numerics.dynamic_panel.bias_corrected import (
    TEST_GRID,
    Variance,
    bias_corrected_root,
    bootstrap_t_interval,
    score_interval,
    unit_scores,
    year_weights,
)
from evenfield.numerics.dynamic_panel.regime_scores import (
    regime_intervals,
    regime_roots,
)
from evenfield.numerics.dynamic_panel.within import (
    checked_levels,
    half_panel_root,
    moments,
    residual_check,
    two_way,
    whole_sample,
    within_units,
)
from evenfield.numerics.ols import t_quantile
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import ITERATIVE, MACHINE, close
from yaml_text import from_yaml

ESTIMATORS = [half_panel_root, anderson_hsiao_root, bias_corrected_root]


def panel(seed=1, units=10, dates=12, rho=0.85):
    rng = default_rng(seed)
    path = [rng.normal(7, 0.4, units)]
    steady = rng.normal(7, 0.3, units)
    for _ in range(dates - 1):
        path.append(
            rho * path[-1] + (1 - rho) * steady + 0.05 + rng.normal(0, 0.04, units)
        )
    return np.array(path).T


def jackknife_by_hand(levels, splits):
    """Twice the whole less the mean over ways to split it of the means of two halves."""

    def slope(x):
        return moments(within_units(x), whole_sample(len(x))).slope[0]

    transitions = levels.shape[1] - 1
    means = []
    for first in splits:
        ends = slope(levels[:, : first + 1]), slope(levels[:, first:])
        means.append(np.average(ends, weights=[first, transitions - first]))
    return 2 * slope(levels) - np.mean(means)


@pytest.mark.parametrize(
    ("dates", "splits"),
    from_yaml("""
    - [12, [5, 6]]
    - [13, [6]]
    """),
)
def test_half_panel_jackknife_is_written_out(dates, splits):
    levels = panel(dates=dates)
    close(half_panel_root(levels).rho, jackknife_by_hand(levels, splits))


def test_error_of_the_half_panel_jackknife_leaves_each_unit_out():
    levels = panel(dates=13)
    fit = half_panel_root(levels)
    roots = [half_panel_root(np.delete(levels, i, axis=0)).rho for i in range(10)]
    changes = np.array(roots) - fit.rho
    close(fit.std_error, np.sqrt(9 / 10 * np.square(changes).sum()))


BROKEN = {
    "gap": lambda levels: np.where(levels == levels[2, 3], np.nan, levels),
    "two units": lambda levels: levels[:2],
    "short": lambda levels: levels[:, :1],
    "constant": lambda levels: 0 * levels + 7,
    "common path": lambda levels: np.tile(levels[:1], (10, 1)),
    "only effects": lambda levels: np.arange(10.0)[:, None] + np.arange(12.0) ** 2,
    "vector": lambda levels: levels[0],
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bad_panels_are_refused(estimator, kind):
    refused(None, estimator, BROKEN[kind](panel()))


@pytest.mark.parametrize(
    ("estimator", "dates"), [*zip(ESTIMATORS, (4, 2, 3), strict=True)]
)
def test_short_panels_name_the_dates_they_need(estimator, dates):
    refused(f"{dates} dates", estimator, panel(dates=dates))


def test_weights_of_draws_and_of_samples_that_leave_one_out():
    weights = wi.resampled(5, 300, default_rng(0))
    assert weights.shape == (300, 5)
    assert (weights.sum(axis=1) == 5).all()
    values = default_rng(1).normal(size=(4, 3))
    close(wi.OneLeftOut(4) @ values, (1 - np.eye(4)) @ values)


def test_residual_check_by_hand():
    levels = panel(dates=12)
    e = wi.residuals(levels, 0.8)
    close(e.sum(axis=0), 0, atol=1e-12)
    close(e.sum(axis=1), 0, atol=1e-12)
    check = residual_check(levels, 0.8)
    before = e[:, :-1]
    first = (e[:, 1:] * before).sum() / (before**2).sum()
    close(check.autocorrelation, first, MACHINE)
    close(check.net_autocorrelation - check.autocorrelation, 1 / 10)
    variance = (e[:, :5] ** 2).sum() / 5 / 9 * 11 / 10
    close(check.sd_first, np.sqrt(variance), MACHINE)


def shares_of_units(levels, rho, variance=Variance.BY_YEAR):
    """The unit scores at a root, from pairs without means."""
    pairs = within_units(levels)
    m = moments(pairs, whole_sample(len(levels)))
    lag = (pairs.lag - m.lag_mean)[None]
    errors = (pairs.y - m.y_mean)[None] - rho * lag
    return unit_scores(lag, errors, np.array([rho]), variance)[0]


def score_ratio(levels, rho):
    scores = shares_of_units(levels, rho)
    return abs(scores.sum()) / np.sqrt(len(levels) * scores.var(ddof=1))


def test_intervals_repeat_and_lie_around_the_root():
    levels = panel(units=30, dates=30)
    fit = bias_corrected_root(levels)
    one, two = (bootstrap_t_interval(levels, default_rng(2), 199) for _ in range(2))
    grid = score_interval(levels)
    assert one == two
    for result in (one, grid):
        assert result.low < fit.rho < result.high
        assert 0 < result.p_value <= 1
    narrow = score_interval(levels, 0.5)
    assert grid.low < narrow.low < narrow.high < grid.high
    assert (one.draws, grid.draws) == (199, 0)


def test_the_score_test_rejects_at_the_ends_of_its_interval():
    levels = panel(units=30, dates=30)
    result = score_interval(levels)
    for end in (result.low, result.high):
        close(score_ratio(levels, end), t_quantile(0.975, 29), atol=0.01)


def test_without_a_root_there_is_no_error_and_no_bootstrap():
    rng = default_rng(3)
    for _ in range(60):
        levels = np.cumsum(rng.normal(0, 0.03, (31, 15)), axis=1)
        fit = bias_corrected_root(levels)
        if fit.no_root:
            break
    assert fit.no_root
    assert np.isnan(fit.std_error)
    assert 0.5 < fit.rho <= 1.2
    assert np.isnan(bootstrap_t_interval(levels, default_rng(1), 99).low)
    assert score_interval(levels).low < 1


def test_explosive_paths_are_refused():
    rng = default_rng(1)
    growth = 1.4 ** np.arange(12) * rng.normal(1, 0.3, (10, 1))
    levels = growth + rng.normal(0, 0.01, (10, 12))
    refused("fixed effects give the root", bias_corrected_root, levels)


def literal_score(levels, rho, variance):
    """F as section E2 writes it, with loops."""
    y = two_way(levels[:, 1:])
    lag = two_way(levels[:, :-1])
    e = y - rho * lag
    n, t = e.shape
    if variance is Variance.CONSTANT:
        s2 = (e**2).sum() / ((n - 1) * (t - 1))
        h = sum(rho**j for s in range(1, t) for j in range(t - s)) / t
        return (lag * e).sum() + (n - 1) * s2 * h
    v = (e**2).sum(axis=0) / (n - 1)
    s2 = (v - v.sum() / (t * (t - 1))) * t / (t - 2)
    total = 0.0
    for s in range(1, t):
        total += s2[s - 1] * sum(rho**j for j in range(t - s))
    return (lag * e).sum() + (n - 1) / t * total


def literal_slope(levels, rho, variance):
    up, down = (literal_score(levels, rho + h, variance) for h in (1e-6, -1e-6))
    return (up - down) / 2e-6


@pytest.mark.parametrize("variance", Variance)
@pytest.mark.parametrize("rho", [0.4, 0.97, 1.0])
def test_score_equals_its_definition(variance, rho):
    levels = panel(units=12, dates=9)
    m = moments(within_units(levels), whole_sample(12))
    expected = literal_score(levels, rho, variance)
    value, slope = bc.adjusted_score(m, np.array([rho]), variance)
    close(value[0], expected)
    close(bc.score_on_grid(m, np.array([rho]), variance)[0, 0], expected)
    close(slope[0], literal_slope(levels, rho, variance), rtol=1e-6)
    shares = shares_of_units(levels, rho, variance)
    assert shares.shape == (12,)
    close(shares.sum(), expected)


@pytest.mark.parametrize("variance", Variance)
def test_root_solves_the_score_and_its_standard_error_is_the_sandwich(variance):
    levels = panel(
        seed=4,
        units=12,
        dates=16,
        rho=0.8,
    )
    fit = bias_corrected_root(levels, variance)
    assert not fit.no_root
    assert fit.rho > fit.fixed_effects
    close(literal_score(levels, fit.rho, variance), 0, atol=1e-11)
    q = shares_of_units(levels, fit.rho, variance)
    slope = literal_slope(levels, fit.rho, variance)
    close(fit.std_error, np.sqrt(12 / 11 * (q @ q)) / abs(slope), rtol=1e-6)
    assert fit.df == 11


def test_the_smallest_root_above_fixed_effects_is_taken():
    roots = 0
    for seed in range(30):
        levels = panel(
            seed,
            units=20,
            dates=13,
            rho=0.95,
        )
        fit = bias_corrected_root(levels)
        if fit.no_root:
            assert np.isnan(fit.std_error)
            continue
        roots += 1
        grid = np.arange(fit.fixed_effects + 1e-6, fit.rho - 1e-3, 1e-3)
        assert all(literal_score(levels, rho, Variance.BY_YEAR) > 0 for rho in grid)
    assert roots > 5


N = 20
T = 16


def study(seed=0, theta=(0.8, -0.2, 0.1)):
    rng = default_rng(seed)
    Z = np.column_stack([np.ones(N), rng.uniform(0, 1, (N, 2))])
    rho = Z @ np.array(theta)
    y = rng.normal(0, 0.4, N)
    path = []
    for _ in range(T + 1):
        path.append(y)
        y = rho * y + rng.normal(0, 0.05, N)
    return np.array(path).T, Z


def test_one_regime_for_all_is_the_scalar_root():
    levels, _ = study()
    ours = regime_roots(levels, np.ones((N, 1)))
    theirs = bias_corrected_root(levels)
    close(ours.theta[0, 0], theirs.rho, ITERATIVE)
    close(np.sqrt(ours.cov[0, 0, 0]), theirs.std_error, ITERATIVE)
    close(ours.fixed_effects[0, 0], theirs.fixed_effects, ITERATIVE)


def scores(levels, Z, theta):
    """The definition, by dummies instead of sweeping."""
    lag = levels[:, :-1]
    y = levels[:, 1:]
    lag = lag - lag.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    e = y - (Z @ theta)[:, None] * lag
    e = e - Z @ np.linalg.lstsq(Z, e, rcond=None)[0]
    c = year_weights(Z @ theta, T, Variance.BY_YEAR).value
    return Z.T @ ((lag * e).sum(axis=1) + (c * e**2).sum(axis=1))


def test_roots_of_regimes_solve_their_scores_where_these_fall():
    levels, Z = study()
    result = regime_roots(levels, Z)
    theta = result.theta[0]
    assert result.defined[0]
    close(scores(levels, Z, theta), 0, atol=1e-9)
    slopes = []
    for step in 1e-5 * np.eye(3):
        change = scores(levels, Z, theta + step) - scores(levels, Z, theta - step)
        slopes.append(change / 2e-5)
    assert (np.linalg.eigvals(np.array(slopes).T).real < 0).all()


def test_weights_of_regimes_count_units_in_any_order():
    levels, Z = study()
    once = regime_roots(levels, Z)
    drawn = regime_roots(levels, Z, np.ones((2, N)))
    close(drawn.theta, np.repeat(once.theta, 2, axis=0), rtol=1e-9)
    close(drawn.cov[1], once.cov[0], rtol=1e-7)
    order = default_rng(1).permutation(N)
    close(regime_roots(levels[order], Z[order]).theta, once.theta, rtol=1e-9)
    weights = np.ones((1, N))
    weights[0, 3] = 2
    twice = regime_roots(np.vstack([levels, levels[3]]), np.vstack([Z, Z[3]]))
    close(regime_roots(levels, Z, weights).theta, twice.theta, rtol=1e-8)


def test_intervals_of_regimes_repeat():
    levels, Z = study()
    C = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, -1.0]])
    one, both = regime_intervals(levels, Z, C, default_rng(2), 99)
    assert [one, both] == regime_intervals(levels, Z, C, default_rng(2), 99)
    assert one.low < one.estimate < one.high
    assert 0 < both.p_value <= 1


def test_regimes_that_cannot_be_fitted_are_refused():
    levels, Z = study()
    refused("are collinear", regime_roots, levels, np.column_stack([Z, Z[:, 1]]))
    refused("rows of exposures", regime_roots, levels, Z[1:])
    rng = default_rng(1)
    walks = np.cumsum(rng.normal(0, 1, (N, 6)), axis=1)
    refused("no root", regime_intervals, walks, Z, np.eye(3), rng, 9)


@pytest.mark.parametrize("units", [4, 5])
def test_few_units_have_their_own_degrees_of_freedom(units):
    levels = panel(seed=5, units=units, dates=25)
    t = score_ratio(levels, 1.0)
    close(score_interval(levels).p_value, 2 * stats.t.sf(t, units - 1))


def test_an_end_lies_between_the_last_kept_root_and_its_neighbour():
    excess = np.full(len(TEST_GRID), 5.0)
    excess[10:14] = [1.0, -1.0, -2.0, 6.0]
    low, high = bc._stretch(excess, TEST_GRID[12])
    step = TEST_GRID[12] - TEST_GRID[11]
    close(low, TEST_GRID[11] - step / 2)
    close(high, TEST_GRID[12] + step / 4)


def test_three_units_are_enough_and_two_are_not():
    levels = panel(units=3)
    assert checked_levels(levels, 3) is not None
    refused("2 units", checked_levels, levels[:2], 3)


def test_the_bootstrap_t_counts_roots_of_one_and_the_data_as_one_draw():
    levels = panel(
        seed=2,
        units=15,
        dates=10,
        rho=0.95,
    )
    fit = bias_corrected_root(levels)
    result = bootstrap_t_interval(levels, generator_for(1, "t"), 60, 0.9)
    picked = generator_for(1, "t").integers(0, 15, size=(60, 15))
    ratios = []
    for units in picked:
        drawn = bias_corrected_root(levels[units])
        if not drawn.no_root:
            ratios.append(abs(drawn.rho - fit.rho) / drawn.std_error)
    ratios = np.array(ratios)
    half = np.quantile(ratios, 0.9) * fit.std_error
    close((result.low, result.high), (fit.rho - half, fit.rho + half), rtol=1e-6)
    beyond = (ratios >= abs(fit.rho - 1) / fit.std_error).sum()
    close(result.p_value, (1 + beyond) / (1 + len(ratios)))
    close(result.no_root_share, 1 - len(ratios) / 60)


def test_an_interval_leaves_out_one_only_where_the_test_rejects_it():
    # Four units without memory: the score is close to zero at one, too.
    panels = [default_rng(seed).normal(size=(4, 20)) for seed in range(40)]
    found = [score_interval(levels) for levels in panels]
    rejected = [interval.p_value <= 0.05 for interval in found]
    without = [not interval.low <= 1 <= interval.high for interval in found]
    assert without == rejected
    assert 0 < sum(rejected) < len(found)
