"""Dealt paths against refits with every pair of units that could have been treated."""

from itertools import combinations

import numpy as np
from numpy.random import default_rng

from evenfield.models.paths import deal_paths
from tolerances import close

N = 8
UNITS = np.array([f"u{i}" for i in range(N)])
TREATED = (2, 5)
Y = default_rng(3).normal(size=N) + np.isin(np.arange(N), TREATED)


def difference(pair):
    inside = np.isin(np.arange(N), pair)
    return Y[inside].mean() - Y[~inside].mean()


def test_a_cross_section_is_a_difference_of_means_under_every_pair():
    marks = np.isin(np.arange(N), TREATED).astype(float)
    one = Y, marks, UNITS, np.zeros(N), 99, default_rng(1), 0.9
    own = abs(difference(TREATED))
    anywhere = [*combinations(range(N), 2)]
    # One of each half was treated.
    of_each = [(i, N // 2 + j) for i, j in np.ndindex(N // 2, N // 2)]
    halves = {unit: i < N // 2 for i, unit in enumerate(UNITS)}
    for strata, pairs in ((None, anywhere), (halves, of_each)):
        drawn = np.array([difference(pair) for pair in pairs])
        dealt = deal_paths(*one, strata=strata)
        assert dealt.enumerated
        assert dealt.draws == len(drawn)
        close(dealt.test.estimate, difference(TREATED))
        close(dealt.std_error, drawn.std())
        close(dealt.test.p_value, np.mean(np.abs(drawn) >= own - 1e-9))


def test_an_assignment_that_a_control_explains_leaves_an_interval():
    marks = np.isin(np.arange(N), TREATED).astype(float)
    control = np.isin(np.arange(N), (0, 1)).astype(float)
    one = Y, marks, UNITS, np.zeros(N), 99, default_rng(1), 0.9
    dealt = deal_paths(*one, controls=control[:, None])
    slopes = []
    for pair in combinations(range(N), 2):
        if pair != (0, 1):
            inside = np.isin(np.arange(N), pair)
            X = np.column_stack([inside, control, np.ones(N)])
            slopes.append(np.linalg.lstsq(X, Y)[0][0])
    assert dealt.draws == len(slopes) + 1
    close(dealt.std_error, np.std(slopes))
    assert dealt.test.conf_low < dealt.test.estimate < dealt.test.conf_high
