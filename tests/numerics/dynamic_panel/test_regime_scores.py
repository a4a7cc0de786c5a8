"""One score per regime: the scalar score as a special case, the score by its definition, draws, refusals."""

import numpy as np
import pytest

from evenfield.numerics.dynamic_panel.bias_corrected import Variance, bias_corrected_root, year_weights
from evenfield.numerics.dynamic_panel.regime_scores import regime_intervals, regime_roots
from numerics.refusals import refused
from tolerances import ITERATIVE

N, T = 20, 16


def study(seed=0, theta=(0.8, -0.2, 0.1)):
    rng = np.random.default_rng(seed)
    Z = np.column_stack([np.ones(N), rng.uniform(0, 1, (N, 2))])
    rho, y, path = Z @ np.array(theta), rng.normal(0, 0.4, N), []
    for _ in range(T + 1):
        path.append(y)
        y = rho * y + rng.normal(0, 0.05, N)
    return np.array(path).T, Z


def test_scalar_score_definition_and_draws():
    levels, _ = study()
    ours, theirs = regime_roots(levels, np.ones((N, 1))), bias_corrected_root(levels)
    assert ours.theta[0, 0] == pytest.approx(theirs.rho, rel=ITERATIVE)
    assert np.sqrt(ours.cov[0, 0, 0]) == pytest.approx(theirs.std_error, rel=ITERATIVE)
    assert ours.fixed_effects[0, 0] == pytest.approx(theirs.fixed_effects, rel=ITERATIVE)
    levels, Z = study()
    found = regime_roots(levels, Z)
    assert found.found[0]
    np.testing.assert_allclose(scores(levels, Z, found.theta[0]), 0, atol=1e-9)
    step = 1e-5
    slopes = [(scores(levels, Z, found.theta[0] + step * v) - scores(levels, Z, found.theta[0] - step * v)) / (2 * step)
              for v in np.eye(3)]  # fmt: skip
    assert (np.linalg.eigvals(np.array(slopes).T).real < 0).all()
    once, drawn = regime_roots(levels, Z), regime_roots(levels, Z, np.ones((2, N)))
    np.testing.assert_allclose(drawn.theta, np.repeat(once.theta, 2, axis=0), rtol=1e-9)
    np.testing.assert_allclose(drawn.cov[1], once.cov[0], rtol=1e-7)
    order = np.random.default_rng(1).permutation(N)
    np.testing.assert_allclose(regime_roots(levels[order], Z[order]).theta, once.theta, rtol=1e-9)
    weights = np.ones((1, N))
    weights[0, 3] = 2
    twice = regime_roots(np.vstack([levels, levels[3]]), np.vstack([Z, Z[3]]))
    np.testing.assert_allclose(regime_roots(levels, Z, weights).theta, twice.theta, rtol=1e-8)


def scores(levels, Z, theta):
    """The definition, by dummies instead of sweeping."""
    lag, y = levels[:, :-1], levels[:, 1:]
    lag, y = lag - lag.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    e = y - (Z @ theta)[:, None] * lag
    e, c = e - Z @ np.linalg.lstsq(Z, e, rcond=None)[0], year_weights(Z @ theta, T, Variance.BY_YEAR).value
    return Z.T @ ((lag * e).sum(axis=1) + (c * e**2).sum(axis=1))


def test_intervals_repeat_and_what_cannot_be_fitted_is_refused():
    levels, Z = study()
    C = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, -1.0]])
    one, both = regime_intervals(levels, Z, C, np.random.default_rng(2), 99)
    again = regime_intervals(levels, Z, C, np.random.default_rng(2), 99)
    assert [one, both] == again and one.low < one.estimate < one.high and 0 < both.p_value <= 1
    refused("cannot be told apart", regime_roots, levels, np.column_stack([Z, Z[:, 1]]))
    refused("rows of exposures", regime_roots, levels, Z[1:])
    rng = np.random.default_rng(1)
    Z, walks = np.column_stack([np.ones(N), rng.uniform(0, 1, (N, 2))]), np.cumsum(rng.normal(0, 1, (N, 6)), axis=1)
    refused("no root", regime_intervals, walks, Z, np.eye(3), rng, 9)
