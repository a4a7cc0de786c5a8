"""Two one-sided tests."""

import numpy as np
from statsmodels.stats.weightstats import DescrStatsW

from evenfield.numerics.equivalence import two_one_sided
from evenfield.numerics.errors import NumericsError
from refusals import fails
from tolerances import close


def test_the_larger_of_two_one_sided_p_values_agrees_with_statsmodels():
    values = np.random.default_rng(2).normal(0.2, size=40)
    sample = DescrStatsW(values)
    other = sample.ttost_mean(-0.7, 0.7)[0]
    found = two_one_sided(values.mean(), sample.std_mean, 39, 0.7)
    close(found.p_value, other)
    close([found.conf_low, found.conf_high], sample.tconfint_mean(0.1))
    assert (found.p_value < 0.05) == (found.conf_low > -0.7 and found.conf_high < 0.7)


def test_a_bound_of_nothing_is_refused():
    fails(NumericsError, "bound 0", two_one_sided, 0.1, 0.2, 9, 0.0)
