"""Probabilities of spatial models by integration of the likelihood itself: coefficients by
the predictive density of the g prior, standard deviation and spatial parameter by
quadrature.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.integrate import quad

import evenfield as ef
from made_panel import long
from tolerances import close

N, T = 6, 4
UNITS = [f"u{i}" for i in range(N)]
KEYS = {"unit": "unit", "time": "year"}
MODELS = ["SLX", "SAR", "SEM", "SDM", "SDEM"]
EDGE = 0.9999  # of the spatial parameter
LOG_S = np.linspace(-4, 4, 401)  # logarithms of the standard deviation


def standardised(*links):
    """Weights of pairs of units, rows that sum to one."""
    W = np.zeros((N, N))
    for i, j in links:
        W[i, j] = W[j, i] = 1.0
    return W / W.sum(axis=1, keepdims=True)


AROUND = [(i, (i + 1) % N) for i in range(N)]
WEIGHTS = {
    "ring": standardised(*AROUND, (0, 2)),
    "far": standardised(*((i, i + 3) for i in range(3)), (0, 1), (2, 4), (3, 5)),
}


def made():
    """Outcome and two regressors of units (rows) by dates (columns)."""
    rng = default_rng(9)
    x, z = rng.normal(size=(2, N, T))
    shocks = x - 0.5 * z + rng.normal(size=(N, 1)) + 0.7 * rng.normal(size=(N, T))
    return np.linalg.solve(np.eye(N) - 0.4 * WEIGHTS["ring"], shocks), x, z


def contrasts(n):
    """Orthonormal columns that sum to zero, (n, n - 1)."""
    return np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]


def log_marginal(model, W, y, xs, copies, left, g):
    """Logarithm of the integral of likelihood times prior, up to a constant of all; the
    rows of ``left`` take a constant with a flat prior out of what is stacked.
    """
    own = [*xs]
    if model in {"SLX", "SDM", "SDEM"}:
        own += [W @ x for x in xs]

    def conditional(d):
        """Integrate over coefficients and the logarithm of the standard deviation."""
        S = np.eye(len(W)) - d * W
        filtered = [S @ x if model in {"SEM", "SDEM"} else x for x in own]
        X = left @ np.column_stack([x.ravel() for x in filtered])
        z = left @ (S @ y).ravel()
        # b | s ~ N(0, s^2 g (X'X)^-1), so that z = X b + e ~ N(0, s^2 (I + g P)).
        spread = np.eye(len(z)) + g * X @ np.linalg.solve(X.T @ X, X.T)
        squares = z @ np.linalg.solve(spread, z)
        log_size = np.linalg.slogdet(spread)[1] / 2 + len(z) * LOG_S
        density = np.exp(-log_size - squares * np.exp(-2 * LOG_S) / 2)
        return np.trapezoid(density, LOG_S) * np.linalg.det(S) ** copies

    if model == "SLX":
        return np.log(conditional(0.0))
    return np.log(quad(lambda d: conditional(d) / 2, -EDGE, EDGE, limit=100)[0])


@pytest.mark.parametrize("effects", ["two_way", "unit", "pooled"])
def test_probabilities_are_integrals_of_the_likelihoods(effects):
    y, *xs = made()
    pooled = effects == "pooled"
    over_dates = np.eye(T) if pooled else contrasts(T)
    over_units = contrasts(N) if effects == "two_way" else np.eye(N)
    observed = [over_units.T @ values @ over_dates for values in (y, *xs)]
    size = observed[0].size
    left = contrasts(size).T if pooled else np.eye(size)
    logs = {
        (model, name): log_marginal(
            model,
            over_units.T @ W @ over_units,
            observed[0],
            observed[1:],
            observed[0].shape[1],
            left,
            g=max(size, (2 * len(xs)) ** 2),
        )
        for name, W in WEIGHTS.items()
        for model in MODELS
    }
    values = np.exp(np.array([*logs.values()]) - max(logs.values()))
    expected = pd.Series(values / values.sum(), pd.MultiIndex.from_tuples(logs))
    expected = expected.unstack().loc[MODELS, [*WEIGHTS]]
    found = ef.spatial_model_probabilities(
        "y ~ x + z",
        long(UNITS, np.arange(T), y=y, x=xs[0], z=xs[1]),
        {name: pd.DataFrame(W, UNITS, UNITS) for name, W in WEIGHTS.items()},
        effects=effects,
        **KEYS,
    )
    assert found.to_numpy().max() < 0.9  # no one model hides the others
    close(found.to_numpy(), expected.to_numpy(), rtol=1e-5)
