"""Weights on the simplex against other solvers, and the two tests against their
definitions.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from evenfield.numerics.synthetic_control import (
    conformal_p,
    penalised,
    rank_interval,
    rank_p,
    simplex_least_squares,
)
from numerics.refusals import refused
from tolerances import MACHINE, close
from yaml_text import from_yaml

RIDGE = 1e-6


def built(seed, T=12, J=20, walk=True):
    rng = default_rng(seed)
    steps = rng.normal(0, 1, (T, J + 1))
    paths = steps.cumsum(axis=0) if walk else steps
    return paths[:, 0], paths[:, 1:]


@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(2, 25))
def test_no_other_weights_fit_better_and_the_start_does_not_matter(seed, T, J):
    A, b = penalised(*built(seed, T, J), RIDGE)
    w = simplex_least_squares(A, b, np.full(J, 1 / J))
    assert w.min() >= 0
    close(w.sum(), 1, atol=MACHINE)
    gradient = A.T @ (A @ w - b)
    inside = w > 0
    assert np.ptp(gradient[inside]) < 1e-9
    assert gradient.min() > gradient[inside].mean() - 1e-9
    start = default_rng(seed).dirichlet(np.ones(J))
    for other in (start, -start, np.eye(J)[seed % J], np.zeros(J), None):
        close(simplex_least_squares(A, b, other), w, atol=1e-9)


def test_known_weights_come_back_and_units_of_measure_do_not_matter():
    y, D = built(3, T=40, J=8)
    known = np.array([0.5, 0.3, 0.2, 0, 0, 0, 0, 0])
    w = simplex_least_squares(*penalised(D @ known, D, RIDGE), np.full(8, 1 / 8))
    close(w, known, atol=1e-4)
    one = simplex_least_squares(*penalised(y, D, RIDGE), known)
    close(
        simplex_least_squares(*penalised(1e6 * y, 1e6 * D, RIDGE), known),
        one,
        atol=1e-9,
    )
    refused("the treated path itself", penalised, y, np.column_stack([y, y]), RIDGE)


def test_the_penalty_is_a_share_of_the_mean_squared_distance_of_the_donors():
    rng = default_rng(2)
    D = rng.normal(size=(6, 4))
    y = rng.normal(size=6)
    A, b = penalised(y, D, 0.01)
    distance = np.mean([((D[:, j] - y) ** 2).sum() for j in range(4)])
    w = np.array([0.1, 0.2, 0.3, 0.4])
    expected = (((y - D @ w) ** 2).sum() + 0.01 * distance * (w @ w)) / distance
    close(((A @ w - b) ** 2).sum(), expected)


@pytest.mark.parametrize(
    ("donors", "level", "rank"),
    from_yaml("""
    - [18, 0.95, 0]
    - [19, 0.95, 1]
    - [38, 0.95, 1]
    - [39, 0.95, 2]
    - [9, 0.8, 2]
    """),
)
def test_an_interval_needs_as_many_units_as_the_level_says(donors, level, rank):
    # Reject beyond the m-th largest of J placebos, m = floor(alpha (J + 1)).
    placebos = np.arange(1.0, donors + 1) * np.where(np.arange(donors) % 2, -1, 1)
    low, high = rank_interval(0.5, placebos, level)
    half = np.sort(np.abs(placebos))[-rank] if rank else np.inf
    assert (low, high) == (0.5 - half, 0.5 + half)


def test_ranks_count_the_treated_unit_and_ties():
    assert rank_p(2.0, np.array([1.0, 2.0, 3.0])) == 3 / 4
    assert rank_p(2.0, np.array([1.0, 2.0 - 1e-12, 3.0])) == 3 / 4
    assert rank_p(4.0, np.array([1.0, 2.0, 3.0])) == 1 / 4


def test_moved_residuals_are_compared_in_mean_absolute_size():
    residuals = np.array([0.0, 1.0, -3.0, 2.0])
    after = np.array([False, False, True, True])
    # Shifts 0 to 3 leave |-3|, |2|; |1|, |-3|; |0|, |1|; |2|, |0| after the date.
    assert conformal_p(residuals, after) == 1 / 4
    assert conformal_p(residuals[::-1], after) == 4 / 4
    assert conformal_p(np.array([1.0, 1.0, -1.0, 1.0]), after) == 1
