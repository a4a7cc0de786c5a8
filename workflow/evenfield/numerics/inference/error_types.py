"""What a significant estimate would be worth: power, wrong signs (type S) and exaggeration (type M)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, stdtr

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import checked_level
from evenfield.numerics.ols import t_quantile


class ErrorTypes(NamedTuple):
    """Design analysis at an assumed true effect."""

    effect: float  # as given
    std_error: float
    df: float
    power: float  # probability that the estimate is significant
    wrong_sign: float  # type S: probability that a significant estimate has the wrong sign
    exaggeration: float  # type M: mean absolute significant estimate over the absolute effect
    level: float  # confidence level of the test
    factor: float = 1.0  # one: none beyond that in the standard error
    factor_name: str = "none"  # ``"none"``


def error_types(effect: float, std_error: float, df: float, level: float = 0.95) -> ErrorTypes:
    """Return power, type-S and type-M error of a t test at an assumed true effect, in closed form.

    Notes
    -----
    Gelman and Carlin (2014): the estimate is effect + std_error T with T Student's t. int_c^inf t f(t) dt =
    f(c) (df + c^2) / (df - 1) replaces their simulation.
    """
    if effect == 0 or not (std_error > 0 and df > 1):
        raise NumericsError(f"no design analysis with effect {effect:g}, standard error {std_error:g}, {df:g} df")
    shift, cv = abs(effect) / std_error, t_quantile(0.5 + checked_level(level) / 2, df)
    right, wrong = float(stdtr(df, shift - cv)), float(stdtr(df, -shift - cv))
    size = shift * (right - wrong) + _partial_mean(cv - shift, df) + _partial_mean(cv + shift, df)
    power = right + wrong
    return ErrorTypes(effect, std_error, df, power, wrong / power, size / power / shift, level)


def _partial_mean(c: float, df: float) -> float:
    log_constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi)
    density = np.exp(log_constant - (df + 1) / 2 * np.log1p(c * c / df))
    return float(density * (df + c * c) / (df - 1))


class SimulatedPower(NamedTuple):
    """Rejection rates of a test over a range of true effects."""

    effects: np.ndarray  # (E,) true effects, share of rejections, and its standard error
    power: np.ndarray
    monte_carlo_se: np.ndarray
    draws: int  # samples, the same for every effect
    factor: float = 1.0  # one: no small-sample factor enters
    factor_name: str = "none"  # ``"none"``


def simulated_power(
    rejects: Callable[[np.ndarray], bool],
    signal: np.ndarray,
    effects: np.ndarray,
    draw_errors: Callable[[np.random.Generator], np.ndarray],
    draws: int,
    rng: np.random.Generator,
) -> SimulatedPower:
    """Return the power of any test at given true effects, on common errors; signal (N,), effects (E,)."""
    effects = np.atleast_1d(np.asarray(effects, dtype=float))
    if draws < 1 or not effects.size:
        raise NumericsError(f"power needs effects and draws, not {effects.size} and {draws}")
    hits = np.zeros(len(effects))
    for _ in range(draws):
        errors = draw_errors(rng)
        hits += [bool(rejects(effect * signal + errors)) for effect in effects]
    power = hits / draws
    return SimulatedPower(effects, power, np.sqrt(power * (1 - power) / draws), draws)
