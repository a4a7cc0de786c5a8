"""Least squares without and with unit effects: the two ends of the bracket around the speed of convergence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.dynamic_panel.within import (
    Transitions,
    checked_levels,
    moments,
    transitions,
    two_way,
    whole_sample,
    within_units,
)
from evenfield.numerics.errors import NumericsError


@dataclass(frozen=True, slots=True)
class RootFit:
    """An estimate of the autoregressive root."""

    rho: float  # root between two dates of the panel
    std_error: float  # clustered by unit, with N/(N-1); NaN where it is not defined
    df: float  # N - 1
    n_units: int  # units N and transitions T
    n_periods: int


def pooled_root(levels: np.ndarray) -> RootFit:
    """Fit y_it = rho y_i,t-1 + tau_t + e_it by least squares; levels (N, T + 1)."""
    return _least_squares(transitions(checked_levels(levels, 2)))


def fixed_effects_root(levels: np.ndarray) -> RootFit:
    """Fit y_it = rho y_i,t-1 + mu_i + tau_t + e_it by least squares; levels (N, T + 1)."""
    return _least_squares(within_units(checked_levels(levels, 3)))


def _least_squares(pairs: Transitions) -> RootFit:
    m = moments(pairs, whole_sample(pairs.n_units))
    spread = float(m.ll.sum())
    if not spread > 0:
        raise NumericsError("the lag does not vary beyond its effects")
    rho, lag = float(m.slope[0]), pairs.lag - m.lag_mean
    scores = (lag * (pairs.y - m.y_mean - rho * lag)).sum(axis=1)
    n = pairs.n_units
    return RootFit(rho, float(np.sqrt(n / (n - 1) * scores @ scores) / spread), n - 1, n, pairs.n_periods)


def residuals(levels: np.ndarray, rho: float) -> np.ndarray:
    """Return y_it - rho y_i,t-1 without unit and year means; levels (N, T + 1) -> (N, T)."""
    pairs = transitions(levels)
    return two_way(pairs.y - rho * pairs.lag)


@dataclass(frozen=True, slots=True)
class ResidualCheck:
    """What the bias correction assumes about the shocks, as far as the residuals show it."""

    autocorrelation: float  # slope of the residuals on their lag
    net_autocorrelation: float  # the same plus 1/(T - 1), its expectation under no autocorrelation being -1/(T - 1)
    sd_first: float  # standard deviation of the shocks in the first and second half, in the unit of the levels
    sd_second: float


def residual_check(levels: np.ndarray, rho: float) -> ResidualCheck:
    """Describe serial correlation and changing variance of the shocks; levels (N, T + 1)."""
    e = residuals(levels, rho)
    n, t = e.shape
    slope = float((e[:, 1:] * e[:, :-1]).sum() / (e[:, :-1] ** 2).sum())
    yearly = (e**2).sum(axis=0) / (n - 1) * t / (t - 1)
    first, second = yearly[: t // 2].mean(), yearly[t // 2 :].mean()
    return ResidualCheck(slope, slope + 1 / (t - 1), float(np.sqrt(first)), float(np.sqrt(second)))
