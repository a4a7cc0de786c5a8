"""Weights on the simplex against other solvers, and the two tests against their
definitions.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.synthetic_control import (
    conformal_p,
    penalised,
    rank_interval,
    rank_p,
    simplex_least_squares,
)
from tolerances import MACHINE

RIDGE = 1e-6


def made(seed, T=12, J=20, walk=True):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 1, (T, J + 1))
    paths = steps.cumsum(axis=0) if walk else steps
    return paths[:, 0], paths[:, 1:]


@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(2, 25))
def test_no_other_weights_fit_better_and_the_start_does_not_matter(seed, T, J):
    A, b = penalised(*made(seed, T, J), RIDGE)
    w = simplex_least_squares(A, b, np.full(J, 1 / J))
    assert w.min() >= 0 and w.sum() == pytest.approx(1, abs=MACHINE)
    gradient = A.T @ (A @ w - b)
    inside = w > 0
    assert (
        np.ptp(gradient[inside]) < 1e-9
        and gradient.min() > gradient[inside].mean() - 1e-9
    )
    start = np.random.default_rng(seed).dirichlet(np.ones(J))
    for other in (start, np.eye(J)[seed % J], np.zeros(J)):
        np.testing.assert_allclose(simplex_least_squares(A, b, other), w, atol=1e-9)


def test_known_weights_come_back_and_units_of_measure_do_not_matter():
    y, D = made(3, T=40, J=8)
    known = np.array([0.5, 0.3, 0.2, 0, 0, 0, 0, 0])
    w = simplex_least_squares(*penalised(D @ known, D, RIDGE), np.full(8, 1 / 8))
    np.testing.assert_allclose(w, known, atol=1e-4)
    one = simplex_least_squares(*penalised(y, D, RIDGE), known)
    np.testing.assert_allclose(
        simplex_least_squares(*penalised(1e6 * y, 1e6 * D, RIDGE), known),
        one,
        atol=1e-9,
    )
    with pytest.raises(NumericsError, match="the treated path itself"):
        penalised(y, np.column_stack([y, y]), RIDGE)


def test_rank_test_and_its_interval_agree():
    placebos = np.random.default_rng(1).normal(0, 1, 26)
    for estimate in np.linspace(-4, 4, 41):
        p = rank_p(abs(estimate), np.abs(placebos))
        low, high = rank_interval(estimate, placebos, 0.95)
        assert (low < 0 < high) == (p > 0.05)
    assert rank_p(9.0, placebos) == pytest.approx(1 / 27)
    assert rank_interval(1.0, placebos[:10], 0.95) == (-np.inf, np.inf)


def test_conformal_p_counts_the_shifts_and_is_level_where_nothing_happens():
    after = np.arange(10) >= 8
    assert conformal_p(np.where(after, 5.0, 1.0), after) == 0.1
    assert conformal_p(np.ones(10), after) == 1.0
    draws = np.random.default_rng(2).normal(size=(2000, 10))
    p = np.array([conformal_p(draw, after) for draw in draws])
    assert np.mean(p <= 0.1) == pytest.approx(0.1, abs=0.02) and np.mean(
        p <= 0.5
    ) == pytest.approx(0.5, abs=0.04)
