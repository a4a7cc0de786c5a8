"""How well a regression predicts units it has not seen, and whether one set of regressors beats another by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols

TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Predictor:
    """A set of regressors, ready to be scored on any outcome.

    Attributes
    ----------
    hat : ndarray, shape (N, N)
        X (X'X)^-1 X'.
    K : int
        Regressors, the constant among them.
    """

    hat: np.ndarray
    K: int

    @property
    def leverage(self) -> np.ndarray:
        """Diagonal of the hat matrix, shape (N,)."""
        return np.diag(self.hat)


def predictor(X: np.ndarray, units: np.ndarray) -> Predictor:
    """Prepare a set of regressors.

    Parameters
    ----------
    X : ndarray, shape (N, K)
        Regressors with their constant.
    units : ndarray of str, shape (N,)
        Names, for the message.

    Returns
    -------
    Predictor

    Raises
    ------
    NumericsError
        If the regressors are collinear, or a unit is alone in its group so that nothing predicts it.
    """
    fit = fit_ols(np.zeros(len(X)), X)
    hat = X @ fit.bread @ X.T
    alone = np.flatnonzero(np.diag(hat) > 1 - RANK_TOLERANCE)
    if len(alone):
        raise NumericsError(f"{units[alone[0]]} is alone in its group: the others cannot predict it")
    return Predictor(hat, X.shape[1])


def leave_one_out_mse(y: np.ndarray, model: Predictor) -> np.ndarray:
    """Return the mean squared error of predicting each unit from all others.

    Parameters
    ----------
    y : ndarray, shape (..., N)
        Outcome, or one a row.
    model : Predictor
        Regressors.

    Returns
    -------
    ndarray, shape (...)
        mean_i (u_i / (1 - h_i))^2, without refitting (Allen 1974).
    """
    u = y - y @ model.hat
    return np.asarray(((u / (1 - model.leverage)) ** 2).mean(axis=-1))


def schwarz_criterion(y: np.ndarray, model: Predictor) -> np.ndarray:
    """Return the Bayesian information criterion of a Gaussian regression, up to a constant.

    Parameters
    ----------
    y : ndarray, shape (..., N)
        Outcome, or one a row.
    model : Predictor
        Regressors.

    Returns
    -------
    ndarray, shape (...)
        N ln(u'u / N) + K ln N (Schwarz 1978); smaller is better.
    """
    N = y.shape[-1]
    u = y - y @ model.hat
    return np.asarray(N * np.log((u * u).mean(axis=-1)) + model.K * np.log(N))


def prediction_gain(y: np.ndarray, small: Predictor, large: Predictor) -> np.ndarray:
    """Return the share of the prediction error that the larger set of regressors saves.

    Parameters
    ----------
    y : ndarray, shape (..., N)
        Outcome, or one a row.
    small, large : Predictor
        Regressors.

    Returns
    -------
    ndarray, shape (...)
        1 - MSE of ``large`` / MSE of ``small``; below zero where the larger set predicts worse.
    """
    return np.asarray(1 - leave_one_out_mse(y, large) / leave_one_out_mse(y, small))


def schwarz_gain(y: np.ndarray, small: Predictor, large: Predictor) -> np.ndarray:
    """Return by how much the larger set of regressors lowers the information criterion.

    Parameters
    ----------
    y : ndarray, shape (..., N)
        Outcome, or one a row.
    small, large : Predictor
        Regressors.

    Returns
    -------
    ndarray, shape (...)
        Criterion of ``small`` minus that of ``large``; above zero the larger set is preferred.
    """
    return np.asarray(schwarz_criterion(y, small) - schwarz_criterion(y, large))


def upper_p_value(observed: float, drawn: np.ndarray) -> float:
    """Return the share of permuted samples that do at least as well as the data.

    Parameters
    ----------
    observed : float
        Gain in the data.
    drawn : ndarray, shape (B,)
        Gains under permuted labels.

    Returns
    -------
    float
        (1 + number at least as large) / (1 + B), one-sided: only a gain speaks for the larger set.
    """
    reach = observed - TIE * max(1.0, abs(observed))
    return float((1 + (drawn >= reach).sum()) / (1 + len(drawn)))
