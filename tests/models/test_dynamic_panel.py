"""The roots of a dynamic panel against regressions on dummies and closed forms; what is
not defined.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import t as student

from evenfield.models.anderson_hsiao import anderson_hsiao_root
from evenfield.models.dynamic_panel import (
    CORRECTED,
    HEADLINE,
    Root,
    least_squares,
    roots,
)
from evenfield.numerics.dynamic_panel.bias_corrected import bias_corrected_root
from evenfield.numerics.inference import design as designs
from numerics.refusals import refused
from tolerances import close

N, T = 18, 16


def made_levels(dates=T, seed=4):
    rng = default_rng(seed)
    y = rng.normal(7, 0.4, N)
    steady = rng.normal(7, 0.3, N)
    path = [y]
    for _ in range(dates - 1):
        y = 0.8 * y + 0.2 * steady + rng.normal(0, 0.03, N)
        path.append(y)
    return np.array(path).T


LEVELS = made_levels()
OTHERS = (5, 6)  # seeds of the other dates


@pytest.fixture(scope="module")
def found():
    others = (made_levels(seed=seed) for seed in OTHERS)
    return roots([LEVELS, *others], 99, default_rng(1), 0.9)


def test_anderson_and_hsiao_is_one_instrument_less_dates_clustered_by_unit():
    change = np.diff(LEVELS, axis=1)
    dy, dlag, z = (
        values - values.mean(axis=0)
        for values in (change[:, 1:], change[:, :-1], LEVELS[:, :-2])
    )
    # rho = z'dy / z'dlag; the scores of a unit are summed over its dates.
    rho = (z * dy).sum() / (z * dlag).sum()
    scores = (z * (dy - rho * dlag)).sum(axis=1)
    error = np.sqrt(N / (N - 1) * (scores**2).sum()) / abs((z * dlag).sum())
    fit = anderson_hsiao_root(LEVELS)
    close((fit.rho, fit.std_error), (rho, error))
    assert (fit.df, fit.n_units, fit.n_periods) == (N - 1, N, T - 2)
    flat = np.add.outer(np.arange(6.0), np.arange(5.0))
    refused(None, anderson_hsiao_root, flat)


def test_least_squares_is_the_regression_on_dummies_with_clustered_errors():
    levels = LEVELS
    n = levels.shape[0]
    t = levels.shape[1] - 1
    y = levels[:, 1:].ravel()
    lag = levels[:, :-1].ravel()
    for unit_effects in (False, True):
        dummies = np.tile(np.eye(t), (n, 1))
        if unit_effects:
            dummies = np.column_stack([dummies, np.repeat(np.eye(n), t, axis=0)[:, 1:]])
        x = lag - dummies @ np.linalg.lstsq(dummies, lag, rcond=None)[0]
        rho = x @ y / (x @ x)
        e = y - lag * rho
        e = e - dummies @ np.linalg.lstsq(dummies, e, rcond=None)[0]
        scores = (x * e).reshape(n, t).sum(axis=1)
        error = np.sqrt(n / (n - 1) * (scores**2).sum()) / (x @ x)
        close(least_squares(levels, unit_effects), (rho, error))


def test_two_dates_carry_a_pooled_root_and_three_one_with_unit_effects():
    levels = default_rng(2).normal(9, 0.5, (12, 3))
    assert np.isfinite(least_squares(levels[:, :2], unit_effects=False)).all()
    assert np.isfinite(least_squares(levels, unit_effects=True)).all()
    refused("2 dates", least_squares, levels[:, :2], unit_effects=True)


def rows_of(root):
    return {row.term: row for row in root.rows(1, 0.95, 0.8)}


def test_roots_are_tested_against_one(found):
    for name in found.by_name.keys() - {HEADLINE, "bc_fe_bootstrap_t"}:
        test = found.by_name[name].test
        half = student.ppf(0.95, N - 1) * test.std_error
        ends = (test.estimate - half, test.estimate + half)
        close((test.conf_low, test.conf_high), ends)
        close(test.statistic, (test.estimate - 1) / test.std_error)
        close(test.p_value, 2 * student.sf(abs(test.statistic), N - 1))
    headline = found.by_name[HEADLINE].test
    close(headline.estimate, bias_corrected_root(LEVELS).rho)
    assert headline.conf_low < headline.estimate < headline.conf_high
    assert (headline.df, found.by_name[HEADLINE].converged) == (N - 1, True)
    others = [bias_corrected_root(made_levels(seed=seed)).rho for seed in OTHERS]
    ends = [found.described[f"{end}_other_root"] for end in ("lowest", "highest")]
    close(ends, sorted(others))


@pytest.mark.parametrize("years", [1, 5])
def test_the_speed_is_the_root_transformed_with_its_ends_and_reach(found, years):
    rows = found.by_name["fe"].rows(years, 0.9, 0.8)
    root, speed, life = (row.test for row in rows)
    ends = np.array([root.estimate, root.conf_high, root.conf_low])
    transformed = -np.log(ends) / years
    close((speed.estimate, speed.conf_low, speed.conf_high), transformed)
    close(life.estimate, np.log(2) * years / -np.log(root.estimate))
    reach = student.ppf(0.95, N - 1) + student.ppf(0.8, N - 1)
    close(speed.mde, reach * root.std_error / (root.estimate * years))


def test_open_ends_and_roots_without_a_speed_are_said():
    wide = designs.Tested(
        estimate=0.9, std_error=0.1, df=9, conf_low=0.5, conf_high=np.inf
    )
    rows = rows_of(Root(wide))
    assert rows["root"].notes == ("interval reaches the end of the roots looked at",)
    assert "speed unbounded below" in rows["speed"].notes
    negative = designs.Tested(
        estimate=-0.2, std_error=0.1, df=9, conf_low=-0.4, conf_high=0.1
    )
    speed = rows_of(Root(negative))["speed"]
    assert np.isnan(speed.test.estimate)
    assert "speed not defined: the root is not positive" in speed.notes


def test_what_has_no_root_says_why():
    short = roots([LEVELS[:, :3]], 99, default_rng(1), 0.9).by_name
    assert not short["pooled"].reason
    for name in (*CORRECTED, "half_panel_jackknife"):
        assert short[name].reason.startswith("3 dates")
        assert not short[name].converged
        assert all(row.test.reason for row in short[name].rows(1, 0.9, 0.8))
    flat = roots([np.ones((N, T))], 99, default_rng(1), 0.9).by_name
    assert all("constant" in root.reason for root in flat.values())


def test_units_in_another_order_have_the_same_roots():
    order = default_rng(2).permutation(N)
    one, two = (
        roots([levels], 99, default_rng(1), 0.9).by_name
        for levels in (LEVELS, LEVELS[order])
    )
    for name in ("pooled", "fe", "half_panel_jackknife", "anderson_hsiao", HEADLINE):
        close(two[name].rho, one[name].rho)
        close(two[name].test.conf_low, one[name].test.conf_low)
