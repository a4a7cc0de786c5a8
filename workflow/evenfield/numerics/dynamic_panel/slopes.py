"""An estimate of the root, and what the residuals show about the shocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.dynamic_panel.within import transitions, two_way


@dataclass(frozen=True, slots=True)
class RootFit:
    """An estimate of the autoregressive root."""

    rho: float  # root between two dates of the panel
    std_error: float  # clustered by unit, with N/(N-1); NaN where it is not defined
    df: float  # N - 1
    n_units: int  # units N and transitions T
    n_periods: int


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
