"""Who got a policy, against statsmodels and by counting deals."""

import numpy as np
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.models.placement import permuted_policies
from tolerances import close

NONE = np.empty((8, 0))
PAIR = np.repeat(np.arange(4), 2)


def test_the_statistic_is_that_of_least_squares_on_policies_earlier_ones_and_groups():
    rng = default_rng(5)
    groups = np.arange(60) % 3
    policies = (rng.random((60, 2)) < 0.4).astype(float)
    earlier = (rng.random((60, 1)) < 0.5).astype(float)
    y = rng.normal(size=60) + policies[:, 0] + earlier[:, 0]
    names = ["zone", "port"]
    rows = permuted_policies(y, policies, names, earlier, groups, default_rng(1), 199)
    dummies = (groups[:, None] == np.arange(3)).astype(float)
    fit = sm.OLS(y, np.hstack([policies, earlier, dummies])).fit()
    close([row.test.estimate for row in rows], fit.params[:2])
    close([row.test.statistic for row in rows], fit.tvalues[:2])
    assert [row.term for row in rows] == names
    assert rows[0].test.p_value < 0.01 and rows[1].test.p_value > 0.05


def test_policies_move_within_groups_among_units_that_had_the_same_before():
    # Of each pair one unit has the policy: 2^4 deals within pairs, 70 among all.
    policies = (np.arange(8) % 2.0)[:, None]
    y = default_rng(1).normal(size=8)
    earlier = (PAIR[:, None] % 2).astype(float)
    for controls, groups in ((NONE, PAIR), (earlier, PAIR // 2)):
        rng = default_rng(1)
        (row,) = permuted_policies(y, policies, ["zone"], controls, groups, rng, 999)
        assert "only 16 different" in row.test.reason


def test_policies_that_groups_determine_say_so():
    whole = (PAIR[:, None] < 2).astype(float)
    y = default_rng(1).normal(size=8)
    (row,) = permuted_policies(y, whole, ["zone"], NONE, PAIR, default_rng(1), 99)
    assert "collinear" in row.test.reason and np.isnan(row.test.estimate)
