"""Two regimes of neighbours: the highest peak of a likelihood that has several, and the
soundness of the test.
"""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models import spatial_regimes
from evenfield.models.spatial_regimes import soundness, two_regimes
from evenfield.numerics.spatial_panel.two_regime import two_regime_durbin
from tolerances import MACHINE, close

STEPS = np.linspace(-0.99, 0.99, 67)
N = 24
INSIDE = np.arange(N) < 10
W = 0.5 * (np.eye(N, k=1) + np.eye(N, k=-1) + np.eye(N, k=N - 1) + np.eye(N, k=1 - N))
X = default_rng(8).normal(size=(N, 1))


def made(factor=1.0):
    """Units whose neighbours pull alike, in some unit of measure."""
    errors = 0.2 * default_rng(9).normal(size=N)
    y = np.linalg.solve(np.eye(N) - 0.4 * W, 1 + X[:, 0] + errors)
    return two_regimes(factor * y, X, W, INSIDE)


def test_the_unit_of_measure_moves_no_simulated_sample():
    own = soundness(made(), default_rng(3), 25)
    other = soundness(made(1000.0), default_rng(3), 25)
    close(other.bias, own.bias, rtol=1e-6)
    assert other.size == own.size


def test_the_size_is_the_share_of_samples_below_five_percent(monkeypatch):
    regimes = made()
    p_values = iter([0.001, 0.02, 0.03, 0.049, 0.051, 0.2, 0.5, 0.9])
    differences = iter([0.1, 0.2, 0.3, -0.2, 0.0, 0.0, 0.0, 0.4])

    def given(*_):
        inside = next(differences) + 0.3
        return regimes.fit._replace(
            rho_inside=inside, rho_outside=0.3, p_value=next(p_values)
        )

    monkeypatch.setattr(spatial_regimes, "two_regime_durbin", given)
    found = soundness(regimes, default_rng(1), 8)
    assert (found.size, found.samples) == (4 / 8, 8)
    close(found.bias, 0.1)


# Samples of few units on a map of chance whose likelihood has several peaks. Newton's
# method finds the highest one from -.3 alone, from .3 alone, from -.3 and .3 but not from
# zero, from zero alone; of the last a common pull finds its own from -.3 alone.
@pytest.mark.parametrize(
    ("seed", "units", "members"),
    [(15525, 7, 3), (8839, 8, 3), (3750, 7, 2), (8298, 7, 2), (11764, 8, 2)],
)
def test_no_pulls_are_likelier_than_those_that_are_found(seed, units, members):
    rng = default_rng(seed)
    links = rng.random((units, units)) * (rng.random((units, units)) < 0.35)
    np.fill_diagonal(links, 0)
    weights = links / links.sum(axis=1, keepdims=True)
    regressors = np.column_stack([np.ones(units), rng.normal(size=units)])
    y = rng.normal(size=units)
    inside = np.arange(units) < members
    free = np.eye(units) - regressors @ np.linalg.pinv(regressors)

    def log_likelihood(pulls):
        of_unit = np.where(inside, pulls[..., :1], pulls[..., 1:])
        A = np.eye(units) - of_unit[..., None] * weights
        e = (A @ y) @ free
        sign, determinant = np.linalg.slogdet(A)
        squares = (e**2).sum(axis=-1)
        value = determinant - units / 2 * np.log(squares / units)
        return np.where(sign > 0, value, -np.inf)

    found = two_regime_durbin(y, regressors, weights, inside)
    both = np.array([found.rho_inside, found.rho_outside])
    grid = np.stack(np.meshgrid(STEPS, STEPS), axis=-1)
    assert log_likelihood(both) >= log_likelihood(grid).max() - MACHINE
    alike = np.column_stack([STEPS, STEPS])
    common = np.full(2, found.rho)
    assert log_likelihood(common) >= log_likelihood(alike).max() - MACHINE
