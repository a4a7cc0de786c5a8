"""What a design can detect: minimum detectable effects and how spatial correlation
stretches them.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols, t_quantile
from evenfield.numerics.spatial import Weights, dense


def contrast_weights(X: Array, c: Array, bread: Array | None = None) -> Array:
    """Return the weights that least squares gives to each observation in c'beta; X (N,
    K), c (K,) -> (N,); ``bread`` (K, K) is (X'X)^-1 where it is known.
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
    # c'b = c'(X'X)^-1 X'y = a'y with a = X (X'X)^-1 c.
    return np.asarray(X @ (bread @ c))


def mde_multiplier(df: float, power: float = 0.8, level: float = 0.95) -> float:
    """Return how many standard errors an effect must measure for its two-sided t test to
    reject with the given power; ``level`` that of its interval.

    Notes
    -----
    t_((1 + level)/2, df) + t_(power, df): Bloom (1995), "Minimum detectable effects".
    """
    if not df > 0:
        raise NumericsError(f"a t test needs positive degrees of freedom, not {df:g}")
    return t_quantile(0.5 + level / 2, df) + t_quantile(power, df)


def smallest_visible(
    low: float, high: float, std_error: float, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest effect that an estimate with an interval from low to high
    could show; NaN where an end is open.

    Notes
    -----
    (q + z_power) s, with s the standard error and q the critical value of the interval,
    whatever its distribution was: q s is half the interval. Without a standard error s
    is half the interval over z_((1 + level)/2).
    """
    half_interval = (high - low) / 2
    normal = NormalDist()
    if not std_error > 0:  # zero, or NaN where the method has none
        std_error = half_interval / normal.inv_cdf(0.5 + level / 2)
    return half_interval + normal.inv_cdf(power) * std_error


def minimum_detectable_effect(
    X: Array, c: Array, power: float = 0.8, level: float = 0.95, df: float | None = None
) -> float:
    """Return the smallest c'beta that the design detects, in standard deviations of the
    error; X (N, K), c (K,), ``df`` N - K where it is not given.

    Notes
    -----
    Errors are independent with equal variance, so that Var(c'b) = s^2 a'a, a the weights
    of ``contrast_weights``; multiply by ``spatial_inflation`` where they are not.
    """
    a = contrast_weights(X, c)
    if df is None:
        df = X.shape[0] - X.shape[1]
    return mde_multiplier(df, power, level) * float(np.sqrt(a @ a))


def spatial_inflation(X: Array, c: Array, covariance: Array) -> float:
    """Return the factor by which correlated errors stretch the standard deviation of
    c'beta; X (N, K), c (K,), ``covariance`` (N, N) of the errors.

    Notes
    -----
    sqrt(a'Va / (a'a s^2)), with V the covariance, a the weights of ``contrast_weights``
    and s^2 the variance that a sample of the errors has on average. a'Va is the variance
    of c'b; a'a s^2 is what independent errors as large give.
    """
    a = contrast_weights(X, c)
    n = X.shape[0]
    if covariance.shape != (n, n):
        raise NumericsError(
            f"a covariance of shape {covariance.shape} does not fit {n} observations"
        )
    # E[sum_i (e_i - mean e)^2] / (N - 1) = (tr V - 1'V1 / N) / (N - 1): a common part of
    # the errors does not show in their sample variance.
    sample_variance = (np.trace(covariance) - covariance.sum() / n) / (n - 1)
    return float(np.sqrt(a @ covariance @ a / (a @ a * sample_variance)))


def sar_covariance(W: Weights, rho: float) -> Array:
    """Return the covariance of errors that follow a spatial autoregression e = rho W e +
    u with independent u of variance 1; W (N, N) -> (N, N).
    """
    # e = (I - rho W)^-1 u, so that Var(e) = (I - rho W)^-1 (I - rho W')^-1.
    gap = np.eye(W.shape[0]) - rho * dense(W)
    try:
        inverse = np.linalg.inv(gap)
    except np.linalg.LinAlgError:
        inverse = np.full_like(gap, np.inf)
    condition_number = np.linalg.norm(gap, 1) * np.linalg.norm(inverse, 1)
    invertible = condition_number < 1 / RANK_TOLERANCE  # false for infinity and NaN
    if not invertible:
        raise NumericsError(f"I - rho W has no inverse at rho = {rho:g}")
    return inverse @ inverse.T


def exponential_covariance(distance: Array, scale: float) -> Array:
    """Return the covariance of errors of variance 1 whose correlation is exp(-distance /
    scale); distance (N, N) in the unit of ``scale`` -> (N, N).
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
    """Return the smallest difference in mean outcomes of treated and control units that
    is detected some years after treatment, in the unit of ``yearly_sd``.

    Notes
    -----
    Outcomes are random walks, independent between units, whose yearly shocks have
    standard deviation s: after T years the difference of two means has variance s^2 T
    (1/N_1 + 1/N_0). The test has t(N_1 + N_0 - 2).
    """
    if min(n_treated, n_controls) < 1 or n_treated + n_controls < 3:
        raise NumericsError(
            f"{n_treated} treated and {n_controls} control units cannot be compared"
        )
    of_group_sizes = 1 / n_treated + 1 / n_controls
    std_error = float(yearly_sd * np.sqrt(years * of_group_sizes))
    df = n_treated + n_controls - 2
    return mde_multiplier(df, power, level) * std_error


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
    """Return the share of samples in which a test rejects, at each true effect.

    Parameters
    ----------
    rejects
        The test: whether it rejects for an outcome (N,).
    signal
        What an effect of one adds to the outcome, (N,).
    effects
        True effects, (E,).
    draw_errors
        Draws the errors of one sample, (N,). Each sample serves all effects, so that
        the shares differ by the effects alone.
    """
    effects = np.atleast_1d(np.asarray(effects, dtype=float))
    if draws < 1 or not effects.size:
        raise NumericsError(
            f"power needs effects and draws, not {effects.size} and {draws}"
        )
    rejections = np.zeros(len(effects))
    for _ in told(range(draws), "draws"):
        errors = draw_errors(rng)
        rejections += [bool(rejects(effect * signal + errors)) for effect in effects]
    power = rejections / draws
    return SimulatedPower(
        effects=effects,
        power=power,
        monte_carlo_se=np.sqrt(power * (1 - power) / draws),
        draws=draws,
    )
