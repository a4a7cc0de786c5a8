"""The variance between effects."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from evenfield.numerics.paule_mandel import variance_between
from tolerances import close

EFFECTS = np.array([2.03, 3.38, 1.6, 0.22])
VARIANCES = np.array([0.3, 0.2, 0.25, 0.27])


def surplus(tau2, effects=EFFECTS, variances=VARIANCES):
    weights = 1 / (variances + tau2)
    mean = np.average(effects, weights=weights)
    return weights @ (effects - mean) ** 2 - (len(effects) - 1)


def test_effects_differ_as_much_as_they_should_to_all_digits():
    close(surplus(variance_between(EFFECTS, VARIANCES)), 0, atol=1e-12)


def test_the_unit_of_measure_scales_the_variance_exactly():
    want = variance_between(EFFECTS, VARIANCES)
    small = variance_between(EFFECTS / 1000, VARIANCES / 1e6)
    close(small * 1e6, want, rtol=1e-12)


def test_it_is_zero_where_effects_are_as_alike_as_their_errors_let_them_be():
    assert variance_between(np.array([1.0, 1.1]), np.array([0.3, 0.2])) == 0
    assert variance_between(np.array([1.0]), np.array([0.3])) == 0


def test_equal_variances_have_the_plain_variance_less_that_of_the_errors():
    effects = np.array([0.0, 1.0, 5.0])
    result = variance_between(effects, np.full(3, 0.5))
    close(result, effects.var(ddof=1) - 0.5, rtol=1e-13)


@pytest.mark.parametrize("gap", [1.45, 1.6, 1.9, 2.1])
def test_two_effects_differ_by_half_the_square_of_their_gap(gap):
    # Two effects of variance one: Q = gap^2 / 2 is from just above 1 to above 2.
    close(variance_between(np.array([0.0, gap]), np.ones(2)), gap**2 / 2 - 1)


def test_statsmodels_agrees_to_its_own_tolerance():
    other = combine_effects(EFFECTS, VARIANCES, "iterated").tau2
    close(variance_between(EFFECTS, VARIANCES), other, rtol=1e-4)
