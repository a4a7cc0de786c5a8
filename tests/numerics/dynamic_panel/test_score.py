"""The adjusted score against its definition, literally."""

import numpy as np
import pytest

from evenfield.numerics.dynamic_panel import bias_corrected as bc
from evenfield.numerics.dynamic_panel.within import moments, two_way, whole_sample, within_units
from tolerances import CLOSED_FORM, MACHINE


@pytest.fixture(scope="module")
def levels():
    rng = np.random.default_rng(1)
    return np.cumsum(rng.normal(0.05, 0.03, (12, 9)), axis=1) + rng.normal(7, 0.4, (12, 1))


def literal_score(levels, rho, variance):
    """F as section E2 writes it, with loops."""
    y, lag = two_way(levels[:, 1:]), two_way(levels[:, :-1])
    e = y - rho * lag
    n, t = e.shape
    if variance is bc.Variance.CONSTANT:
        s2, h = (e**2).sum() / ((n - 1) * (t - 1)), sum(rho**j for s in range(1, t) for j in range(t - s)) / t
        return (lag * e).sum() + (n - 1) * s2 * h
    v = (e**2).sum(axis=0) / (n - 1)
    s2 = (v - v.sum() / (t * (t - 1))) * t / (t - 2)
    return (lag * e).sum() + (n - 1) / t * sum(s2[s - 1] * sum(rho**j for j in range(t - s)) for s in range(1, t))


@pytest.mark.parametrize("periods", [3, 8, 42])
@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.98, 1.0, 1.1])
def test_h_equals_the_double_sum(rho, periods):
    double = sum(rho**j for s in range(1, periods) for j in range(periods - s)) / periods
    assert bc.nickell_sum(rho, periods) == pytest.approx(double, rel=MACHINE)
    if rho != 1:
        inner = (periods - 1) - rho * (1 - rho ** (periods - 1)) / (1 - rho)
        assert bc.nickell_sum(rho, periods) == pytest.approx(inner / (periods * (1 - rho)), rel=1e-9)


def test_geometric_sums_and_their_derivative():
    assert bc.nickell_sum(1.0, 42) == pytest.approx(41 / 2, rel=MACHINE)
    sums, slopes = bc.geometric_sums(np.array([0.9, 1.0]), 6)
    above, below = (
        bc.geometric_sums(np.array([0.9, 1.0]) + 1e-6, 6)[0],
        bc.geometric_sums(np.array([0.9, 1.0]) - 1e-6, 6)[0],
    )
    assert slopes == pytest.approx((above - below) / 2e-6, abs=1e-7) and sums[1] == pytest.approx(np.arange(1, 7))


@pytest.mark.parametrize("variance", bc.Variance)
@pytest.mark.parametrize("rho", [0.4, 0.97, 1.0])
def test_score_equals_its_definition(levels, variance, rho):
    pairs = within_units(levels)
    m, expected = moments(pairs, whole_sample(len(levels))), literal_score(levels, rho, variance)
    value, slope = bc.adjusted_score(m, np.array([rho]), variance)
    assert value[0] == pytest.approx(expected, rel=CLOSED_FORM)
    assert bc.score_on_grid(m, np.array([rho]), variance)[0, 0] == pytest.approx(expected, rel=CLOSED_FORM)
    change = literal_score(levels, rho + 1e-6, variance) - literal_score(levels, rho - 1e-6, variance)
    assert slope[0] == pytest.approx(change / 2e-6, rel=1e-6)
    lag = (pairs.lag - m.lag_mean)[None]
    shares = bc.unit_scores(lag, (pairs.y - m.y_mean)[None] - rho * lag, np.array([rho]), variance)
    assert shares.shape == (1, len(levels)) and shares.sum() == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize("variance", bc.Variance)
def test_root_solves_the_score_and_its_standard_error_is_the_sandwich(levels, variance):
    rng = np.random.default_rng(4)
    levels = [rng.normal(0, 0.5, 12)]
    for _ in range(15):
        levels.append(0.8 * levels[-1] + rng.normal(0, 0.05, 12))
    levels = np.array(levels).T
    fit = bc.bias_corrected_root(levels, variance)
    assert not fit.no_root and fit.rho > fit.fixed_effects
    assert literal_score(levels, fit.rho, variance) == pytest.approx(0, abs=1e-11)
    pairs = within_units(levels)
    m = moments(pairs, whole_sample(12))
    lag = (pairs.lag - m.lag_mean)[None]
    q = bc.unit_scores(lag, (pairs.y - m.y_mean)[None] - fit.rho * lag, np.array([fit.rho]), variance)[0]
    slope = (literal_score(levels, fit.rho + 1e-6, variance) - literal_score(levels, fit.rho - 1e-6, variance)) / 2e-6
    assert fit.std_error == pytest.approx(np.sqrt(12 / 11 * (q @ q)) / abs(slope), rel=1e-6) and fit.df == 11


def test_the_smallest_root_above_fixed_effects_is_taken(levels):
    rng, found = np.random.default_rng(8), 0
    for _ in range(30):
        path = [rng.normal(0, 0.3, 20)]
        for _ in range(12):
            path.append(0.95 * path[-1] + rng.normal(0, 0.05, 20))
        panel = np.array(path).T
        fit = bc.bias_corrected_root(panel)
        if fit.no_root:
            assert np.isnan(fit.std_error)
            continue
        found += 1
        grid = np.arange(fit.fixed_effects + 1e-6, fit.rho - 1e-3, 1e-3)
        assert all(literal_score(panel, rho, bc.Variance.BY_YEAR) > 0 for rho in grid)
    assert found > 5
