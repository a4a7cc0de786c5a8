"""What a design can detect: minimum detectable effects and how spatial correlation
stretches them.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols, t_quantile
from evenfield.numerics.spatial import Weights, dense


def contrast_weights(X: Array, c: Array, bread: Array | None = None) -> Array:
    """Return the weights that least squares gives to each observation in c'beta; X (N,
    K), c (K,) -> (N,).
    """
    X = np.asarray(X, dtype=float)
    c = np.asarray(c, dtype=float)
    if c.shape != (X.shape[1],):
        raise NumericsError(
            f"a combination of {c.size} coefficients does not fit {X.shape[1]}"
            " regressors"
        )
    if bread is None:
        bread = fit_ols(np.zeros(len(X)), X).bread
    return np.asarray(X @ (bread @ c))


def mde_multiplier(df: float, power: float = 0.8, level: float = 0.95) -> float:
    """Return how many standard errors an effect must measure to be seen with the given
    power.

    Notes
    -----
    Bloom (1995), "Minimum detectable effects".
    """
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    return t_quantile(0.5 + level / 2, df) + t_quantile(power, df)


def smallest_visible(
    low: float, high: float, std_error: float, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest effect that an estimate could show: (critical value +
    z_power) times its standard error.

    Notes
    -----
    The critical value is half the interval over the standard error. Without a standard
    error half the interval stands for z_(1 + level)/2 of them; with an open end there
    is no such effect (NaN).
    """
    # The half interval is the critical value times the error, whatever the law was.
    half = (high - low) / 2
    normal = NormalDist()
    error = std_error if std_error > 0 else half / normal.inv_cdf(0.5 + level / 2)
    return half + normal.inv_cdf(power) * error


def minimum_detectable_effect(
    X: Array, c: Array, power: float = 0.8, level: float = 0.95, df: float | None = None
) -> float:
    """Return the smallest c'beta that the design detects, in units of the error's
    standard deviation.

    Notes
    -----
    Errors are independent with equal variance; multiply by ``spatial_inflation`` where
    they are not.
    """
    a = contrast_weights(X, c)
    freedom = X.shape[0] - X.shape[1] if df is None else df
    return mde_multiplier(freedom, power, level) * float(np.sqrt(a @ a))


def spatial_inflation(X: Array, c: Array, covariance: Array) -> float:
    """Return the factor by which correlated errors stretch the standard deviation of
    c'beta.
    """
    a = contrast_weights(X, c)
    n = X.shape[0]
    if covariance.shape != (n, n):
        raise NumericsError(
            f"a covariance of shape {covariance.shape} does not fit {n} observations"
        )
    # What the sample variance of such errors is on average: they share a common part.
    expected_variance = (np.trace(covariance) - covariance.sum() / n) / (n - 1)
    return float(np.sqrt(a @ covariance @ a / (a @ a * expected_variance)))


def sar_covariance(W: Weights, rho: float) -> Array:
    """Return the covariance of errors that follow a spatial autoregression with unit
    innovations.
    """
    # (I - rho W)^-1 (I - rho W')^-1
    gap = np.eye(W.shape[0]) - rho * dense(W)
    try:
        inverse = np.linalg.inv(gap)
    except np.linalg.LinAlgError:
        inverse = np.full_like(gap, np.inf)
    if not np.linalg.norm(gap, 1) * np.linalg.norm(inverse, 1) < 1 / RANK_TOLERANCE:
        raise NumericsError(f"I - rho W has no inverse at rho = {rho:g}")
    return inverse @ inverse.T


def exponential_covariance(distance: Array, scale: float) -> Array:
    """Return the covariance of errors whose correlation fades exponentially with
    distance.
    """
    if not scale > 0:
        raise NumericsError(
            f"the range of a spatial correlation must be positive, not {scale:g}"
        )
    return np.exp(-np.asarray(distance, dtype=float) / scale)


def event_study_mde(
    n_treated: int,
    n_controls: int,
    years: float,
    yearly_sd: float,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return the smallest difference between two groups that shows some years after
    treatment.

    Notes
    -----
    Shocks add up to a random walk, independent between units and over years.
    """
    if min(n_treated, n_controls) < 1 or n_treated + n_controls < 3:
        raise NumericsError(
            f"{n_treated} treated and {n_controls} control units cannot be compared"
        )
    units = 1 / n_treated + 1 / n_controls
    std_error = float(yearly_sd * np.sqrt(years * units))
    return mde_multiplier(n_treated + n_controls - 2, power, level) * std_error


class SimulatedPower(NamedTuple):
    """Rejection rates of a test over a range of true effects."""

    effects: Array  # (E,) true effects
    power: Array  # (E,) share of rejections
    monte_carlo_se: Array  # (E,) its standard error
    draws: int  # samples, the same for every effect


def simulated_power(
    rejects: Callable[[Array], bool],
    signal: Array,
    effects: Array,
    draw_errors: Callable[[np.random.Generator], Array],
    draws: int,
    rng: np.random.Generator,
) -> SimulatedPower:
    """Return the power of any test at given true effects, on common errors; signal
    (N,), effects (E,).
    """
    effects = np.atleast_1d(np.asarray(effects, dtype=float))
    if draws < 1 or not effects.size:
        raise NumericsError(
            f"power needs effects and draws, not {effects.size} and {draws}"
        )
    hits = np.zeros(len(effects))
    for _ in range(draws):
        errors = draw_errors(rng)
        hits += [bool(rejects(effect * signal + errors)) for effect in effects]
    power = hits / draws
    return SimulatedPower(effects, power, np.sqrt(power * (1 - power) / draws), draws)
