"""Driscoll-Kraay errors with the fixed-b law."""

from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.linalg import toeplitz
from scipy.optimize import brentq

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import (
    Clusters,
    RobustInference,
    checked_level,
    standard_error,
)
from evenfield.numerics.inference.conley import bartlett_weights, date_positions
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.quadratic import ANGLE_WEIGHTS, ANGLES

SINE2 = np.sin((ANGLES + 1) * np.pi / 4) ** 2
TOLERANCE = 1e-10


def fixed_b_p_value(statistic: float, T: int, lags: int) -> float:
    """Return P(|t| > |statistic|) for a mean of T independent normal scores with a
    Bartlett long-run variance.

    Notes
    -----
    The sum and the deviations from the mean are independent, so with lam_j the
    eigenvalues of M K M / T the probability is that of z_0^2 > t^2 sum lam_j z_j^2, by
    Craig's form of the normal tail (see ``numerics.quadratic``).
    """
    # P(z_0^2 > sum_j eta_j z_j^2) is 2/pi times the integral over a quarter circle of
    # prod_j (1 + eta_j / sin^2 a)^(-1/2), here by quadrature.
    eta = statistic**2 * _eigenvalues(T, lags)
    tails = np.exp(-0.5 * np.log1p(eta / SINE2[:, None]).sum(axis=1))
    return float(tails @ ANGLE_WEIGHTS / 2)


@lru_cache(maxsize=64)
def fixed_b_critical_value(T: int, lags: int, level: float) -> float:
    """Return the two-sided critical value of that law."""
    high = 2.0
    while fixed_b_p_value(high, T, lags) > 1 - level:
        high *= 2
    return float(
        brentq(
            lambda t: fixed_b_p_value(t, T, lags) - (1 - level),
            0.0,
            high,
            xtol=TOLERANCE,
        )
    )


@lru_cache(maxsize=64)
def _eigenvalues(T: int, lags: int) -> np.ndarray:
    K = toeplitz(
        np.concatenate([[1.0], bartlett_weights(lags), np.zeros(T - 1 - lags)])
    )
    centred = K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()
    return np.asarray(np.maximum(np.linalg.eigvalsh(centred), 0.0) / T)


DriscollKraayFactor = Literal["none", "N/(N-A)", "N/(N-A-K)", "T/(T-1) x (N-1)/(N-A-K)"]


def driscoll_kraay_inference(
    fit: OlsFit,
    c: np.ndarray,
    times: np.ndarray | Clusters,
    lags: int,
    factor: DriscollKraayFactor = "none",
    absorbed: int = 0,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta of a panel against zero with Driscoll and Kraay's variance; c (K,),
    times (R,).

    Notes
    -----
    Driscoll and Kraay (1998); Vogelsang (2012) for the fixed-b law, which holds with
    many dates. The law already knows that T is small: a factor other than ``"none"``
    widens the interval beyond it.
    """
    positions, T = date_positions(times, lags)
    c = np.asarray(c, dtype=float)
    if positions.shape != fit.y.shape or c.shape != fit.beta.shape:
        raise NumericsError(
            f"{positions.size} dates and {c.size} weights do not fit {fit.X.shape}"
            " regressors"
        )
    # h_t sums the scores of a date; V = sum_t h_t^2 + 2 sum_l (1 - l/(L+1)) sum_t h_t h_t-l.
    h = np.bincount(positions, fit.X @ (fit.bread @ c) * fit.u_hat, minlength=T)
    variance = h @ h + 2 * sum(
        w * (h[lag:] @ h[:-lag]) for lag, w in enumerate(bartlett_weights(lags), 1)
    )
    value = _factor(factor, len(fit.y), len(c), absorbed, T)
    estimate = float(c @ fit.beta)
    std_error = standard_error(value * float(variance))
    statistic = estimate / std_error
    cv = fixed_b_critical_value(T, lags, checked_level(level))
    half = cv * std_error
    return RobustInference(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        critical_value=cv,
        df=np.inf,
        p_value=fixed_b_p_value(statistic, T, lags),
        conf_low=estimate - half,
        conf_high=estimate + half,
        level=level,
        factor=value,
        factor_name=factor,
        law=f"fixed-b, Bartlett, b = {lags + 1}/{T}",
    )


def default_lags(T: int) -> int:
    """Return Newey and West's lag length, the integer part of 4 (T/100)^(2/9)."""
    return int(4 * (T / 100) ** (2 / 9))


def _factor(name: str, n: int, k: int, absorbed: int, T: int) -> float:
    left = n - absorbed - k
    if left <= 0:
        raise NumericsError(
            f"{n} observations cannot carry {k + absorbed} coefficients"
        )
    values = {
        "none": 1.0,
        "N/(N-A)": n / (n - absorbed),
        "N/(N-A-K)": n / left,
    }
    values["T/(T-1) x (N-1)/(N-A-K)"] = (
        T / (T - 1) * (n - 1) / left if T > 1 else np.inf
    )
    if name not in values:
        raise NumericsError(
            f"the small-sample factor is one of {', '.join(values)}, not {name}"
        )
    return values[name]
