"""What a design can detect: minimum detectable effects and how spatial correlation stretches them."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols, t_quantile


def contrast_weights(X: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the weights that least squares gives to each observation in c'beta.

    Parameters
    ----------
    X : ndarray, shape (N, K)
        Regressors with their constant.
    c : ndarray, shape (K,)
        Weights of the combination of coefficients.

    Returns
    -------
    ndarray, shape (N,)
        a = X (X'X)^-1 c, so that c'beta = a'y.

    Raises
    ------
    NumericsError
        If the columns of X are collinear, N <= K, or c has another length than X has columns.
    """
    X, c = np.asarray(X, dtype=float), np.asarray(c, dtype=float)
    if c.shape != (X.shape[1],):
        raise NumericsError(f"a combination of {c.size} coefficients does not fit {X.shape[1]} regressors")
    return np.asarray(X @ (fit_ols(np.zeros(X.shape[0]), X).bread @ c))


def mde_multiplier(df: float, power: float = 0.8, level: float = 0.95) -> float:
    """Return how many standard errors an effect must measure to be seen with the given power.

    Parameters
    ----------
    df : float
        Degrees of freedom of the t test.
    power : float
        Probability of rejecting the null when the effect is there.
    level : float
        Confidence level of the two-sided test.

    Returns
    -------
    float
        t_(1+level)/2 + t_power.

    Raises
    ------
    NumericsError
        If the degrees of freedom are not positive.

    Notes
    -----
    Bloom (1995), "Minimum detectable effects".
    """
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    return t_quantile(0.5 + level / 2, df) + t_quantile(power, df)


def minimum_detectable_effect(
    X: np.ndarray, c: np.ndarray, power: float = 0.8, level: float = 0.95, df: float | None = None
) -> float:
    """Return the smallest c'beta that the design detects, in units of the error's standard deviation.

    Parameters
    ----------
    X : ndarray, shape (N, K)
        Regressors with their constant.
    c : ndarray, shape (K,)
        Weights of the combination of coefficients.
    power, level : float
        Power and confidence level.
    df : float, optional
        Degrees of freedom of the test, N - K by default.

    Returns
    -------
    float
        (t_(1+level)/2 + t_power) sqrt(c'(X'X)^-1 c).

    Raises
    ------
    NumericsError
        If the columns of X are collinear.

    Notes
    -----
    Errors are independent with equal variance; multiply by ``spatial_inflation`` where they are not.
    """
    a = contrast_weights(X, c)
    freedom = X.shape[0] - X.shape[1] if df is None else df
    return mde_multiplier(freedom, power, level) * float(np.sqrt(a @ a))


def spatial_inflation(X: np.ndarray, c: np.ndarray, covariance: np.ndarray) -> float:
    """Return the factor by which correlated errors stretch the standard deviation of c'beta.

    Parameters
    ----------
    X : ndarray, shape (N, K)
        Regressors with their constant.
    c : ndarray, shape (K,)
        Weights of the combination of coefficients.
    covariance : ndarray, shape (N, N)
        Covariance Sigma of the errors; its scale does not matter.

    Returns
    -------
    float
        sqrt(a'Sigma a / (a'a E s^2)), a = X (X'X)^-1 c, E s^2 = tr(M Sigma) / (N - 1) the expected variance across
        units (M removes the mean).

    Raises
    ------
    NumericsError
        If the columns of X are collinear or the covariance has another size.
    """
    a, n = contrast_weights(X, c), X.shape[0]
    if covariance.shape != (n, n):
        raise NumericsError(f"a covariance of shape {covariance.shape} does not fit {n} observations")
    expected_variance = (np.trace(covariance) - covariance.sum() / n) / (n - 1)
    return float(np.sqrt(a @ covariance @ a / (a @ a * expected_variance)))


def sar_covariance(W: np.ndarray, rho: float) -> np.ndarray:
    """Return the covariance of errors that follow a spatial autoregression with unit innovations.

    Parameters
    ----------
    W : ndarray, shape (N, N)
        Spatial weights.
    rho : float
        Spatial coefficient.

    Returns
    -------
    ndarray, shape (N, N)
        (I - rho W)^-1 (I - rho W')^-1.

    Raises
    ------
    NumericsError
        If I - rho W has no inverse.
    """
    gap = np.eye(W.shape[0]) - rho * W
    if np.linalg.cond(gap) > 1 / RANK_TOLERANCE:
        raise NumericsError(f"I - rho W has no inverse at rho = {rho:g}")
    inverse = np.linalg.inv(gap)
    return np.asarray(inverse @ inverse.T)


def exponential_covariance(distance: np.ndarray, scale: float) -> np.ndarray:
    """Return the covariance of errors whose correlation fades exponentially with distance.

    Parameters
    ----------
    distance : ndarray, shape (N, N)
        Distances.
    scale : float
        Distance at which the correlation is 1/e, in the unit of ``distance``.

    Returns
    -------
    ndarray, shape (N, N)
        exp(-d / scale).

    Raises
    ------
    NumericsError
        If the scale is not positive.
    """
    if not scale > 0:
        raise NumericsError(f"the range of a spatial correlation must be positive, not {scale:g}")
    return np.asarray(np.exp(-np.asarray(distance, dtype=float) / scale))


def event_study_mde(
    n_treated: int, n_controls: int, years: float, yearly_sd: float, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest difference between two groups that shows some years after treatment.

    Parameters
    ----------
    n_treated, n_controls : int
        Number of units in each group.
    years : float
        Years since treatment.
    yearly_sd : float
        Standard deviation of a unit's yearly shock, for example 3 (per cent).
    power, level : float
        Power and confidence level.

    Returns
    -------
    float
        (t + t; n_treated + n_controls - 2) yearly_sd sqrt(years (1/n_treated + 1/n_controls)).

    Raises
    ------
    NumericsError
        If a group is empty or both together hold fewer than three units.

    Notes
    -----
    Shocks add up to a random walk, independent between units and over years.
    """
    if min(n_treated, n_controls) < 1 or n_treated + n_controls < 3:
        raise NumericsError(f"{n_treated} treated and {n_controls} control units cannot be compared")
    standard_error = yearly_sd * np.sqrt(years * (1 / n_treated + 1 / n_controls))
    return mde_multiplier(n_treated + n_controls - 2, power, level) * float(standard_error)
