"""How well a regression predicts units it has not seen, and whether one set of
regressors beats another by chance.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols

TIE = 1e-9


class Predictor(NamedTuple):
    """A set of regressors, ready to be scored on any outcome."""

    hat: Array  # (N, N) X (X'X)^-1 X'
    K: int  # regressors, the constant among them

    @property
    def leverage(self) -> Array:
        """Diagonal of the hat matrix, shape (N,)."""
        return np.diag(self.hat)


def predictor(X: Array, units: np.ndarray) -> Predictor:
    """Prepare a set of regressors; X (N, K), units (N,)."""
    fit = fit_ols(np.zeros(len(X)), X)
    Q = X @ fit.basis
    hat = Q @ Q.T
    alone = np.flatnonzero(np.diag(hat) > 1 - RANK_TOLERANCE)
    if len(alone):
        raise NumericsError(
            f"{units[alone[0]]} is alone in its group: the others cannot predict it"
        )
    return Predictor(hat, X.shape[1])


def leave_one_out_mse(y: Array, model: Predictor) -> Array:
    """Return the mean squared error of predicting each unit from all others; y (..., N)
    -> (...).
    """
    # Residuals over one minus leverage are those of fits without the unit itself.
    u = y - y @ model.hat
    return np.asarray(((u / (1 - model.leverage)) ** 2).mean(axis=-1))


def schwarz_criterion(y: Array, model: Predictor) -> Array:
    """Return the Bayesian information criterion of a Gaussian regression, up to a
    constant; y (..., N) -> (...).
    """
    N = y.shape[-1]
    u = y - y @ model.hat
    fit = N * np.log((u * u).mean(axis=-1))
    return np.asarray(fit + model.K * np.log(N))


def prediction_gain(y: Array, small: Predictor, large: Predictor) -> Array:
    """Return the share of the prediction error that the larger set of regressors saves;
    y (..., N) -> (...).
    """
    return 1 - leave_one_out_mse(y, large) / leave_one_out_mse(y, small)


def schwarz_gain(y: Array, small: Predictor, large: Predictor) -> Array:
    """Return by how much the larger set of regressors lowers the information criterion;
    y (..., N) -> (...).
    """
    return schwarz_criterion(y, small) - schwarz_criterion(y, large)


def upper_p_value(observed: float, drawn: Array) -> float:
    """Return the share of permuted samples that do at least as well as the data; drawn
    (B,).
    """
    reach = observed - TIE * max(1.0, abs(observed))
    return float((1 + (drawn >= reach).sum()) / (1 + len(drawn)))
