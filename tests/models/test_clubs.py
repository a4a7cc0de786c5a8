"""Log t test and clubs: the test of a slope, what rules change, what is not defined."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import stats
from statsmodels.tsa.filters.hp_filter import hpfilter

from evenfield.models.clubs import Rules, cluster, clustered, log_t, yearly_penalty
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from tolerances import close

N = 12
TIME = np.arange(30)
HIGH = np.arange(N) < N // 2
RNG = default_rng(4)
GAP = RNG.normal(0, 0.3, N)[:, None] * np.exp(-0.12 * TIME)
Y = 8 + 0.9 * HIGH[:, None] + 0.04 * TIME + GAP + RNG.normal(0, 2e-3, GAP.shape)
RULES = Rules()


def test_what_is_compared_is_the_trend_in_levels_or_in_logs():
    trend = np.array([hpfilter(path, 400)[1] for path in Y])
    close(RULES.compared(Y), np.exp(trend - trend.mean()), 1e-6)
    close(Rules(logs=True).compared(Y), trend, 1e-6)
    close(RULES.compared(Y + np.log(100)), RULES.compared(Y))
    close(Rules(filter="none", logs=True).compared(Y), Y)
    assert yearly_penalty(400, 5) == 400 / 5**4


def test_the_slope_is_that_of_the_kernel_with_its_normal_test():
    x = RULES.compared(Y)
    for more in (-1, 0, 1):
        test = log_t(x, RULES, more)
        fit = fit_logt(transition_variance(x), regression_periods(30, 10 + more))
        (row,) = test.rows(0.9)
        assert row.test.estimate == fit.b[0]
        half = stats.norm.ppf(0.95) * fit.std_error[0]
        ends = row.test.conf_low, row.test.conf_high
        close(ends, (fit.b[0] - half, fit.b[0] + half))
        close(row.test.p_value, stats.norm.cdf(fit.t[0]))
        assert (test.discarded, len(test.periods)) == (10 + more, 20 - more)
        assert test.converges == (fit.t[0] > -1.65)


def test_planted_clubs_are_found_in_any_order():
    own = cluster(Y, RULES)
    assert [club.members for club in own.merged.clubs] == [
        tuple(range(6)),
        tuple(range(6, 12)),
    ]
    order = default_rng(1).permutation(N)
    assert (cluster(Y[order], RULES).labels == own.labels[order]).all()
    close(own.paths.mean(axis=0), 1)
    close(own.dispersion, own.paths.var(axis=0))
    for row, club in zip(
        own.rows(0.95, own.merged.clubs), own.merged.clubs, strict=True
    ):
        assert (row.test.estimate, row.test.statistic) == (club.b, club.t)


def test_a_year_that_is_left_out_leaves_the_regression_alone():
    own = cluster(Y, RULES)
    without = clustered(own.x, RULES, 3)
    close(without.x, own.x)
    assert without.periods.tolist() == [*range(11, 14), *range(15, 31)]


@pytest.mark.parametrize(
    ("y", "reason"),
    [(Y[:, :6], "at least 5"), (np.tile(Y[0], (N, 1)), "nothing is left to converge")],
)
def test_a_test_that_is_not_defined_says_why(y, reason):
    test = log_t(Rules(filter="none").compared(y), RULES)
    (row,) = test.rows(0.95)
    assert reason in row.test.reason
    assert np.isnan(row.test.estimate)
    assert np.isnan(test.t)


def test_clubs_that_are_not_defined_say_why():
    assert "at least 5" in cluster(Y[:, :6], RULES).reason
    assert "two units" in cluster(Y[:1], RULES).reason
