"""The log t regression of Phillips and Sul, for many groups of units at once.

log(H_1 / H_t) - 2 log(log t) = a + b log t + u, H_t the dispersion of relative paths: b
above zero means that it falls faster than 1/log(t)^2, slower than any power of time.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.long_run_variance import VARIANCES

CRITICAL_VALUE = -1.65
FEWEST = 5
SUM_TO_ZERO = 1e-8


class LogtFit(NamedTuple):
    """Log t regressions of B groups."""

    b: Array  # (B,) slope
    std_error: Array  # (B,) long-run standard error
    t: Array  # (B,) their ratio


def relative_transition(x: Array) -> Array:
    """Return the relative transition path of each unit; x (N, T) -> (N, T)."""
    mean = np.asarray(x, dtype=float).mean(axis=0)
    if not (mean > SUM_TO_ZERO * np.abs(x).max()).all():
        raise NumericsError(
            "the mean is zero or negative, relative transition paths are not defined"
        )
    return np.asarray(x / mean)


def transition_variance(x: Array) -> Array:
    """Return the dispersion of the relative transition paths; x (N, T) -> (T,)."""
    return np.asarray(np.mean((relative_transition(x) - 1) ** 2, axis=0))


def discarded_periods(T: int, share: float = 1 / 3) -> int:
    """Return how many first periods the regression leaves out."""
    return round(share * T)


def regression_periods(T: int, discard: int) -> np.ndarray:
    """Return the periods of the regression; shape (T - discard,)."""
    if discard < 1 or T - discard < FEWEST:
        raise NumericsError(
            f"{T} periods less {discard} leave {max(T - discard, 0)}; a log t"
            f" regression needs at least {FEWEST} after discarding at least one"
        )
    return np.arange(discard + 1, T + 1)


def fit_logt(H: Array, periods: np.ndarray, variance: str = "fqsb") -> LogtFit:
    """Fit the log t regression of each group; H (B, T), periods (n,).

    Notes
    -----
    Phillips and Sul (2007), equation (37); both variances use Andrews' (1991) bandwidth
    of an AR(1).
    """
    H = np.atleast_2d(H)
    return fit_logt_used(H[:, [0, *(periods - 1)]], periods, variance)


def fit_logt_used(used: Array, periods: np.ndarray, variance: str = "fqsb") -> LogtFit:
    """Fit the log t regression from the dispersion of the periods it uses; used (B, 1 +
    n), periods (n,).
    """
    if variance not in VARIANCES:
        raise NumericsError(
            f"the long-run variance is one of {', '.join(VARIANCES)}, not {variance!r}"
        )
    defined = np.asarray((used > 0).all(axis=1))
    positive = np.where(defined[:, None], used, 1.0)
    log_t = np.log(periods)
    fall = np.log(positive[:, :1] / positive[:, 1:])
    y = fall - 2 * np.log(log_t)
    centred = log_t - log_t.mean()
    b = y @ centred / (centred @ centred)
    constant = y.mean(axis=1) - b * log_t.mean()
    residuals = y - constant[:, None] - b[:, None] * log_t
    std_error = np.sqrt(VARIANCES[variance](residuals, log_t))

    t = quotient(b, std_error)
    if not defined.all():
        b, std_error, t = np.where(defined, [b, std_error, t], np.nan)
    return LogtFit(b=b, std_error=std_error, t=t)
