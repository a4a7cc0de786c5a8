"""What Fisher's exact test could see: against scipy's test and sums of binomials."""

from math import comb

import numpy as np
import pytest
from scipy.stats import fisher_exact

from evenfield.numerics.shares import detectable_difference
from tolerances import close
from yaml_text import from_yaml


def chances(n, marked, inside, odds):
    """Return the law of the marked units inside at an odds ratio (Fisher 1935)."""
    counts = range(max(0, marked + inside - n), min(marked, inside) + 1)
    weights = {
        k: comb(inside, k) * comb(n - inside, marked - k) * odds**k for k in counts
    }
    return {k: weight / sum(weights.values()) for k, weight in weights.items()}


def by_bisection(n, marked, inside, level, power):
    rejected = []
    for k in chances(n, marked, inside, 1.0):
        table = [[k, inside - k], [marked - k, n - inside - marked + k]]
        if k > marked * inside / n and fisher_exact(table)[1] <= 1 - level:
            rejected.append(k)
    low, high = 0.0, 25.0
    for _ in range(80):
        middle = (low + high) / 2
        law = chances(n, marked, inside, float(np.exp(middle)))
        below = sum(law[k] for k in rejected) < power
        low, high = (middle, high) if below else (low, middle)
    law = chances(n, marked, inside, float(np.exp(high)))
    expected = sum(k * p for k, p in law.items())
    return expected / inside - (marked - expected) / (n - inside)


@pytest.mark.parametrize(
    ("n", "marked", "inside", "level", "power"),
    from_yaml("""
    - [31, 9, 12, 0.95, 0.8]
    - [31, 9, 12, 0.9, 0.8]
    - [20, 12, 6, 0.95, 0.6]
    """),
)
def test_the_difference_is_the_expected_one_where_power_is_reached(
    n, marked, inside, level, power
):
    result = detectable_difference(n, marked, inside, level, power)
    close(result, by_bisection(n, marked, inside, level, power), rtol=1e-6)


def test_no_difference_is_large_enough_where_no_count_is_rejected():
    assert np.isnan(detectable_difference(8, 1, 4))
    assert np.isnan(detectable_difference(10, 10, 4))
