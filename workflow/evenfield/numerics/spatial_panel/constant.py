"""The constant of spatial models that concentrate it out.

Fits demean their columns, so that a pooled or random-effects model loses its constant;
here it is found given all other parameters, and joins their covariance.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.fitted import FittedPanel
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel


class Constant(NamedTuple):
    """The constant given all other parameters."""

    level: float
    variance: float  # given the others
    # its derivatives in the others by kind of covariance; a kind without has no error
    slopes: dict[str, dict[str, float]]


def with_constant(
    panel: BalancedPanel, fit: FittedPanel, covariances: Mapping[str, Array]
) -> tuple[list[str], Array, dict[str, Array]]:
    """Return names, estimates and covariances by kind, the constant first.

    Notes
    -----
    The likelihood is concentrated in the constant a, so that var(a) = var(a | others) +
    g'Vg, with g the derivatives of a in the others, or their expectation. Sandwiches
    (qml, unit) would need the scores of a as well: they give it no error.
    """
    parameters = dict(zip(fit.names, fit.estimates.tolist(), strict=True))
    net = fit.network
    wide = panel.ordered(net.units)
    entered = [0, *(1 + fit.regressors.index(name) for name in fit.lagged)]
    lags = net.lag(wide)[..., entered]
    # y, W y, X and those spatial lags of X that enter
    outcome = [wide[..., :1], lags[..., :1]]
    regressors = [wide[..., 1:], lags[..., 1:]]
    columns = np.concatenate([*outcome, *regressors], axis=2)
    names = ["rho", *fit.regressors, *(f"W {name}" for name in fit.lagged)]
    coefficients = np.array([1.0, *(-parameters.get(name, 0.0) for name in names)])
    random_errors = {"lambda", "phi"} <= parameters.keys()
    constant_of = _beside_random_errors if random_errors else _mean_residual
    constant = constant_of(net, columns, names, coefficients, parameters)
    own = np.diag([constant.variance, *np.zeros(len(fit.names))])
    joint = {}
    for kind, V in covariances.items():
        slopes = constant.slopes.get(kind, dict.fromkeys(fit.names, np.nan))
        gradient = [slopes.get(name, 0.0) for name in fit.names]
        J = np.vstack([gradient, np.eye(len(V))])
        joint[kind] = J @ V @ J.T + own
    estimates = np.concatenate([[constant.level], fit.estimates])
    return ["Intercept", *fit.names], estimates, joint


def _mean_residual(
    net: Network,
    columns: Array,
    names: list[str],
    coefficients: Array,
    parameters: Mapping[str, float],
) -> Constant:
    """Return the constant of a pooled model, or of a lag model with random effects;
    columns (N, T, 1 + P) of the outcome and of what ``names`` are coefficients of.

    Notes
    -----
    a is the mean of (I - lambda W)(y - rho W y - X b - W X th) over that of (I - lambda
    W)1, which for row-standardised W is 1 - lambda.
    """
    lam = parameters.get("lambda", 0.0)
    n, t = columns.shape[:2]
    if lam and not net.row_standardised:
        raise NumericsError("a pooled error model needs weights whose rows sum to one")
    plain = columns.mean(axis=(0, 1))
    lag = net.lag(columns).mean(axis=(0, 1))
    filtered = (plain - lam * lag) / (1 - lam)
    level = float(filtered @ coefficients)
    by_lambda = (level - float(lag @ coefficients)) / (1 - lam)
    observed = {**dict(zip(names, -filtered[1:], strict=True)), "lambda": by_lambda}
    # In expectation W y is W times the mean of y, (I - rho W)^-1 (a + X b + W X th).
    signal = level - columns[..., 2:] @ coefficients[2:]
    mean = net.factor(parameters.get("rho", 0.0)).solve(signal)
    expected = observed | {"lambda": 0.0, "rho": -net.lag(mean).mean()}
    ratio = 1 + t * parameters["phi"] if "phi" in parameters else (1 - lam) ** -2
    variance = parameters["sigma2"] * ratio / (n * t)
    return Constant(level, variance, {"observed": observed, "expected": expected})


def _beside_random_errors(
    net: Network,
    columns: Array,
    names: list[str],
    coefficients: Array,
    parameters: Mapping[str, float],
) -> Constant:
    """Return the constant of an error model with random effects; columns as above.

    Notes
    -----
    With B = I - lambda W the unit means of B(y - X b - W X th) have mean (1 - lambda) a
    and variance s2 K / T, K = I + T phi B B'. The constant vector is no eigenvector of
    K, so a is their mean with the weights K^-1 1.
    """
    t = columns.shape[1]
    lam = parameters["lambda"]
    phi = parameters["phi"]
    # Unit means carry all that the data say of the constant.
    means = columns.mean(axis=1)
    lags = net.lag(means)
    filtered = means - lam * lags
    residuals = filtered @ coefficients
    W = net.dense("the constant beside random effects and spatial errors")
    B = np.eye(net.n) - lam * W
    square = B @ B.T
    square_by_lambda = -(W @ B.T + B @ W.T)
    K = np.eye(net.n) + t * phi * square
    # a = w'u / (1 - lambda) w'1 with w = K^-1 1; derivatives by d K^-1 = -K^-1 dK K^-1.
    weights = np.linalg.solve(K, np.ones(net.n))
    by_lambda = -np.linalg.solve(K, t * phi * square_by_lambda @ weights)
    by_phi = -np.linalg.solve(K, t * square @ weights)
    total = (1 - lam) * weights.sum()
    level = float(weights @ residuals / total)
    change = by_lambda @ residuals - weights @ (lags @ coefficients)
    change -= level * ((1 - lam) * by_lambda.sum() - weights.sum())
    change_by_phi = by_phi @ residuals - level * (1 - lam) * by_phi.sum()
    slopes = dict(zip(names, (-(weights @ filtered) / total)[1:], strict=True))
    slopes |= {"lambda": change / total, "phi": change_by_phi / total}
    variance = parameters["sigma2"] / (t * (1 - lam) * total)
    return Constant(level, variance, {"observed": slopes})
