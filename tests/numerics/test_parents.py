"""Inequality inside parents: the share in closed form, the jackknife by brute force, and
the exact comparison as scipy makes it.
"""

from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import permutation_test

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.parents import (
    exact_difference,
    inside_parents,
    jackknife_error,
    within_shares,
)
from tolerances import close

PARENTS = np.repeat([0, 1, 2, 3], [4, 3, 1, 5])


def made_incomes():
    rng = default_rng(4)
    return rng.lognormal(0, 0.5, len(PARENTS)), rng.uniform(1, 9, len(PARENTS))


def share_by_hand(income, people, parents):
    """1 - sum_g s_g ln(s_g / p_g) / T with shares of income and of people."""
    p = people / people.sum()
    s = income * people / (income @ people)
    total = s @ np.log(s / p)
    between = 0
    for parent in np.unique(parents):
        own = parents == parent
        between += s[own].sum() * np.log(s[own].sum() / p[own].sum())
    return 1 - between / total


def test_shares_inside_and_without_each_parent_in_closed_form():
    income, people = made_incomes()
    shares = within_shares(income, people, PARENTS)
    close(shares[0], share_by_hand(income, people, PARENTS))
    for parent in range(4):
        rest = parent != PARENTS
        by_hand = share_by_hand(income[rest], people[rest], PARENTS[rest])
        close(shares[1 + parent], by_hand)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = default_rng(2).normal(size=9)
    without = (values.sum() - values) / 8
    close(jackknife_error(without), values.std(ddof=1) / 3)


def test_a_parent_of_one_unit_has_no_inside_and_two_parents_are_refused():
    income, people = made_incomes()
    assert np.isnan(inside_parents(income, people, PARENTS)).tolist() == [
        *(False, False),
        *(True, False),
    ]
    with pytest.raises(NumericsError, match="two parents"):
        within_shares(income, people, np.minimum(PARENTS, 1))


def test_the_exact_difference_is_that_of_scipy_and_of_all_choices():
    values = default_rng(7).normal(size=10)
    marked = np.arange(10) < 3
    values[marked] += 1.5
    test = exact_difference(values, marked, 0.8, 0.95)
    scipy = permutation_test(
        (values[marked], values[~marked]),
        lambda one, other: one.mean() - other.mean(),
        n_resamples=np.inf,
    )
    close(test.estimate, scipy.statistic)
    assert test.ways == 120
    # Without the difference, over every choice of three.
    alike = values - test.estimate * marked
    differences = []
    for chosen in combinations(range(10), 3):
        inside = np.isin(np.arange(10), chosen)
        differences.append(alike[inside].mean() - alike[~inside].mean())
    differences = np.array(differences)
    close(test.half, np.quantile(np.abs(differences), 0.95))
    # Of a sum of k of N without replacement, scaled to a difference of means.
    error = np.sqrt(np.var(alike, ddof=1) * (1 / 3 + 1 / 7))
    close(test.std_error, error)
    visible = test.half + NormalDist().inv_cdf(0.8) * error
    close(test.smallest_visible, visible)
    extreme = np.abs(scipy.null_distribution) >= abs(scipy.statistic) - 1e-12
    close(test.p_value, extreme.mean())
