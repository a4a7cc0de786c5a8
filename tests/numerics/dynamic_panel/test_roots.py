"""Jackknife, Anderson-Hsiao and the intervals, against least squares written out."""

import numpy as np
import pytest

from evenfield.numerics.dynamic_panel import bias_corrected as bc
from evenfield.numerics.dynamic_panel import within as wi
from evenfield.numerics.dynamic_panel.gmm import anderson_hsiao_root
from evenfield.numerics.ols import t_quantile
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE

ESTIMATORS = [wi.half_panel_root, anderson_hsiao_root, bc.bias_corrected_root]


def panel(seed=1, units=10, dates=12, rho=0.85):
    rng = np.random.default_rng(seed)
    path, steady = [rng.normal(7, 0.4, units)], rng.normal(7, 0.3, units)
    for _ in range(dates - 1):
        path.append(rho * path[-1] + (1 - rho) * steady + 0.05 + rng.normal(0, 0.04, units))
    return np.array(path).T


def test_jackknife_and_anderson_hsiao_written_out():
    levels = panel(dates=12)

    def half(x):
        return wi.moments(wi.within_units(x), wi.whole_sample(len(x))).slope[0]

    whole, five = half(levels), (5 * half(levels[:, :6]) + 6 * half(levels[:, 5:])) / 11
    six = (6 * half(levels[:, :7]) + 5 * half(levels[:, 6:])) / 11
    assert wi.half_panel_root(levels).rho == pytest.approx(2 * whole - (five + six) / 2, rel=CLOSED_FORM)
    even = panel(dates=13)
    halves, fit = (half(even[:, :7]) + half(even[:, 6:])) / 2, wi.half_panel_root(even)
    assert fit.rho == pytest.approx(2 * half(even) - halves, rel=CLOSED_FORM)
    changes = [wi.half_panel_root(np.delete(even, i, axis=0)).rho - fit.rho for i in range(10)]
    assert fit.std_error == pytest.approx(np.sqrt(9 / 10 * np.sum(np.square(changes))), rel=CLOSED_FORM)
    levels = panel()
    t, change = levels.shape[1] - 2, np.diff(levels, axis=1)
    years = np.tile(np.arange(t), len(levels))
    Z = np.column_stack([levels[:, :-2].ravel(), np.eye(t)[years]])
    X = np.column_stack([change[:, :-1].ravel(), np.eye(t)[years]])
    beta = np.linalg.solve(Z.T @ X, Z.T @ change[:, 1:].ravel())
    assert anderson_hsiao_root(levels).rho == pytest.approx(beta[0], rel=CLOSED_FORM)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_order_of_units_unit_of_money_and_common_growth_do_not_matter(estimator):
    levels = panel()
    fit, order = estimator(levels), np.random.default_rng(0).permutation(len(levels))
    other = levels[order] + np.log(100) + 0.07 * np.arange(levels.shape[1])
    assert estimator(other).rho == pytest.approx(fit.rho, rel=1e-9)
    assert estimator(other).std_error == pytest.approx(fit.std_error, rel=1e-8)


def broken(kind):
    levels = panel()
    if kind == "gap":
        levels[2, 3] = np.nan
    if kind == "two units":
        levels = levels[:2]
    if kind == "short":
        levels = levels[:, :1]
    if kind == "constant":
        levels = np.full(levels.shape, 7.0)
    if kind == "common path":
        levels = np.tile(levels[:1], (10, 1))
    if kind == "only effects":
        levels = np.arange(10.0)[:, None] + np.arange(12.0) ** 2
    if kind == "vector":
        levels = levels[0]
    return levels


@pytest.mark.parametrize("kind", ["gap", "two units", "short", "constant", "common path", "vector"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bad_panels_are_refused(estimator, kind):
    refused(None, estimator, broken(kind))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_nothing_left_after_effects_is_refused(estimator):
    refused(None, estimator, broken("only effects"))


@pytest.mark.parametrize(
    ("estimator", "dates"), [(bc.bias_corrected_root, 3), (wi.half_panel_root, 4), (anderson_hsiao_root, 2)]
)
def test_short_panels_name_the_dates_they_need(estimator, dates):
    refused(f"{dates} dates", estimator, panel(dates=dates))


def test_residual_check_and_draws():
    weights = wi.resampled(5, 300, np.random.default_rng(0))
    assert weights.shape == (300, 5) and (weights.sum(axis=1) == 5).all()
    assert wi.leave_one_out(4).sum(axis=1).tolist() == [3, 3, 3, 3]
    levels = panel(dates=12)
    e = wi.residuals(levels, 0.8)
    assert np.abs(e.sum(axis=0)).max() < 1e-12 and np.abs(e.sum(axis=1)).max() < 1e-12
    check = wi.residual_check(levels, 0.8)
    assert check.autocorrelation == pytest.approx((e[:, 1:] * e[:, :-1]).sum() / (e[:, :-1] ** 2).sum(), rel=MACHINE)
    assert check.net_autocorrelation - check.autocorrelation == pytest.approx(1 / 10)
    assert check.sd_first == pytest.approx(np.sqrt((e[:, :5] ** 2).sum() / 5 / 9 * 11 / 10), rel=MACHINE)
    rng = np.random.default_rng(3)
    net = [wi.residual_check(np.cumsum(rng.normal(size=(31, 6)), axis=1), 1.0).net_autocorrelation for _ in range(400)]
    assert abs(np.mean(net)) < 0.02


def test_intervals_repeat_and_equal_the_score_test_and_refits():
    levels = panel(units=30, dates=30)
    fit = bc.bias_corrected_root(levels)
    one, two = (bc.bootstrap_t_interval(levels, np.random.default_rng(2), 199) for _ in range(2))
    grid = bc.score_interval(levels)
    assert one == two
    for found in (one, grid):
        assert found.low < fit.rho < found.high and 0 < found.p_value <= 1
    narrow = bc.score_interval(levels, 0.5)
    assert grid.low < narrow.low and narrow.high < grid.high and (one.draws, grid.draws) == (199, 0)
    pairs = wi.within_units(levels)
    found, m = bc.score_interval(levels), wi.moments(pairs, wi.whole_sample(30))
    for end in (found.low, found.high):
        lag = (pairs.lag - m.lag_mean)[None]
        q = bc.unit_scores(lag, (pairs.y - m.y_mean)[None] - end * lag, np.array([end]), bc.Variance.BY_YEAR)[0]
        assert abs(q.sum()) / np.sqrt(30 * q.var(ddof=1)) == pytest.approx(t_quantile(0.975, 29), abs=0.01)
    levels, rng = panel(units=12, dates=16, rho=0.7), np.random.default_rng(9)
    picked = rng.integers(0, 12, size=(99, 12))
    fits, fit = [bc.bias_corrected_root(levels[row]) for row in picked], bc.bias_corrected_root(levels)
    t = [abs((other.rho - fit.rho) / other.std_error) for other in fits if not other.no_root]
    found = bc.bootstrap_t_interval(levels, np.random.default_rng(9), 99)
    assert found.no_root_share == pytest.approx(np.mean([other.no_root for other in fits]))
    assert found.high - fit.rho == pytest.approx(np.quantile(t, 0.95) * fit.std_error, rel=1e-7)


def test_without_a_root():
    rng = np.random.default_rng(3)
    for _ in range(60):
        levels = np.cumsum(rng.normal(0, 0.03, (31, 15)), axis=1)
        fit = bc.bias_corrected_root(levels)
        if fit.no_root:
            break
    assert fit.no_root and np.isnan(fit.std_error) and 0.5 < fit.rho <= 1.2
    assert (
        np.isnan(bc.bootstrap_t_interval(levels, np.random.default_rng(1), 99).low)
        and bc.score_interval(levels).low < 1
    )
    rng = np.random.default_rng(1)
    levels = 1.4 ** np.arange(12) * rng.normal(1, 0.3, (10, 1)) + rng.normal(0, 0.01, (10, 12))
    refused("fixed effects give the root", bc.bias_corrected_root, levels)
