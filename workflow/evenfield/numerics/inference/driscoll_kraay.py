"""Driscoll-Kraay: any correlation between units, fading over time; with fixed-b critical values."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.dates import bartlett_weights, date_positions
from evenfield.numerics.inference.fixed_b import fixed_b_critical_value, fixed_b_p_value
from evenfield.numerics.inference.result import RobustInference, checked_level, standard_error
from evenfield.numerics.ols import OlsFit

DriscollKraayFactor = Literal["none", "N/(N-A)", "N/(N-A-K)", "T/(T-1) x (N-1)/(N-A-K)"]


def driscoll_kraay_inference(
    fit: OlsFit,
    c: np.ndarray,
    times: np.ndarray,
    lags: int,
    factor: DriscollKraayFactor = "none",
    absorbed: int = 0,
    level: float = 0.95,
) -> RobustInference:
    """Test c'beta of a panel against zero with Driscoll and Kraay's variance; c (K,), times (R,).

    Notes
    -----
    Driscoll and Kraay (1998); Vogelsang (2012) for the fixed-b law, which holds with many dates. The law already knows
    that T is small: a factor other than ``"none"`` widens the interval beyond it.
    """
    positions, T = date_positions(times, lags)
    c = np.asarray(c, dtype=float)
    if positions.shape != fit.y.shape or c.shape != fit.beta.shape:
        raise NumericsError(f"{positions.size} dates and {c.size} weights do not fit {fit.X.shape} regressors")
    h = np.bincount(positions, fit.X @ (fit.bread @ c) * fit.u_hat, minlength=T)
    variance = h @ h + 2 * sum(w * (h[lag:] @ h[:-lag]) for lag, w in enumerate(bartlett_weights(lags), 1))
    value = _factor(factor, len(fit.y), len(c), absorbed, T)
    estimate, std_error = float(c @ fit.beta), standard_error(value * float(variance))
    statistic = estimate / std_error
    cv = fixed_b_critical_value(T, lags, checked_level(level))
    law = f"fixed-b, Bartlett, b = {lags + 1}/{T}"
    p_value, half = fixed_b_p_value(statistic, T, lags), cv * std_error
    low, high = estimate - half, estimate + half
    return RobustInference(estimate, std_error, statistic, cv, np.inf, p_value, low, high, level, value, factor, law)


def default_lags(T: int) -> int:
    """Return Newey and West's lag length, the integer part of 4 (T/100)^(2/9)."""
    return int(4 * (T / 100) ** (2 / 9))


def _factor(name: str, n: int, k: int, absorbed: int, T: int) -> float:
    left = n - absorbed - k
    if left <= 0:
        raise NumericsError(f"{n} observations cannot carry {k + absorbed} coefficients")
    values = {"none": 1.0, "N/(N-A)": n / (n - absorbed), "N/(N-A-K)": n / left}
    values["T/(T-1) x (N-1)/(N-A-K)"] = T / (T - 1) * (n - 1) / left if T > 1 else np.inf
    if name not in values:
        raise NumericsError(f"the small-sample factor is one of {', '.join(values)}, not {name}")
    return values[name]
