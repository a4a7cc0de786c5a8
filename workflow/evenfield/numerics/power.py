"""What a design can detect: minimum detectable effects and how spatial correlation stretches them."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols, t_quantile


def contrast_weights(X: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the weights that least squares gives to each observation in c'beta; X (N, K), c (K,) -> (N,)."""
    X, c = np.asarray(X, dtype=float), np.asarray(c, dtype=float)
    if c.shape != (X.shape[1],):
        raise NumericsError(f"a combination of {c.size} coefficients does not fit {X.shape[1]} regressors")
    return np.asarray(X @ (fit_ols(np.zeros(X.shape[0]), X).bread @ c))


def mde_multiplier(df: float, power: float = 0.8, level: float = 0.95) -> float:
    """Return how many standard errors an effect must measure to be seen with the given power.

    Notes
    -----
    Bloom (1995), "Minimum detectable effects".
    """
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    return t_quantile(0.5 + level / 2, df) + t_quantile(power, df)


def detectable_effect(std_error: float, critical_value: float, power: float = 0.8) -> float:
    """Return the smallest effect that a test finds: (critical value + z_power) times its own standard error."""
    return float((critical_value + t_quantile(power, np.inf)) * std_error)


def minimum_detectable_effect(
    X: np.ndarray, c: np.ndarray, power: float = 0.8, level: float = 0.95, df: float | None = None
) -> float:
    """Return the smallest c'beta that the design detects, in units of the error's standard deviation.

    Notes
    -----
    Errors are independent with equal variance; multiply by ``spatial_inflation`` where they are not.
    """
    a = contrast_weights(X, c)
    freedom = X.shape[0] - X.shape[1] if df is None else df
    return mde_multiplier(freedom, power, level) * float(np.sqrt(a @ a))


def spatial_inflation(X: np.ndarray, c: np.ndarray, covariance: np.ndarray) -> float:
    """Return the factor by which correlated errors stretch the standard deviation of c'beta."""
    a, n = contrast_weights(X, c), X.shape[0]
    if covariance.shape != (n, n):
        raise NumericsError(f"a covariance of shape {covariance.shape} does not fit {n} observations")
    expected_variance = (np.trace(covariance) - covariance.sum() / n) / (n - 1)
    return float(np.sqrt(a @ covariance @ a / (a @ a * expected_variance)))


def sar_covariance(W: np.ndarray, rho: float) -> np.ndarray:
    """Return the covariance of errors that follow a spatial autoregression with unit innovations."""
    gap = np.eye(W.shape[0]) - rho * W
    if np.linalg.cond(gap) > 1 / RANK_TOLERANCE:
        raise NumericsError(f"I - rho W has no inverse at rho = {rho:g}")
    inverse = np.linalg.inv(gap)
    return np.asarray(inverse @ inverse.T)


def exponential_covariance(distance: np.ndarray, scale: float) -> np.ndarray:
    """Return the covariance of errors whose correlation fades exponentially with distance."""
    if not scale > 0:
        raise NumericsError(f"the range of a spatial correlation must be positive, not {scale:g}")
    return np.asarray(np.exp(-np.asarray(distance, dtype=float) / scale))


def event_study_mde(
    n_treated: int, n_controls: int, years: float, yearly_sd: float, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest difference between two groups that shows some years after treatment.

    Notes
    -----
    Shocks add up to a random walk, independent between units and over years.
    """
    if min(n_treated, n_controls) < 1 or n_treated + n_controls < 3:
        raise NumericsError(f"{n_treated} treated and {n_controls} control units cannot be compared")
    standard_error = yearly_sd * np.sqrt(years * (1 / n_treated + 1 / n_controls))
    return mde_multiplier(n_treated + n_controls - 2, power, level) * float(standard_error)
