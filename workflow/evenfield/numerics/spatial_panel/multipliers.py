"""Average diagonal and row sum of (I - rho W)^-1 and of (I - rho W)^-1 W, for one rho or for thousands of draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from scipy.fft import dct

from evenfield.numerics.spatial_panel.network import Network

NODES = 32


@dataclass(frozen=True, slots=True)
class Multipliers:
    """What effects are made of, at G values of rho, with S = (I - rho W)^-1; or the derivatives of these in rho."""

    own: np.ndarray  # (G,) tr(S)/N and tr(S W)/N
    own_lag: np.ndarray
    all: np.ndarray  # (G,) 1'S 1/N and 1'S W 1/N
    all_lag: np.ndarray


def multipliers(network: Network, rho: np.ndarray) -> Multipliers:
    """Compute the multipliers without an inverse; rho (G,).

    Notes
    -----
    With f = ln|I - rho W|: tr(S W) = -f'(rho) and tr(S) = N + rho tr(S W). Row-standardised W: 1'S 1/N = 1/(1 - rho).
    """
    # tr(W) = 0 exactly: no spectrum is needed for models without a lag.
    lag = -network.logdet.slope(rho) / network.n if rho.any() else np.zeros(len(rho))
    totals = _totals(network, rho)
    return Multipliers(1.0 + rho * lag, lag, totals[0], totals[1])


def multiplier_slopes(network: Network, rho: float) -> Multipliers:
    """Compute the derivatives of the multipliers in rho."""
    at = np.array([rho])
    lag, lag_slope = -network.logdet.slope(at) / network.n, -network.logdet.curvature(at) / network.n
    totals = _totals(network, at)
    return Multipliers(lag + rho * lag_slope, lag_slope, totals[2], totals[3])


def _totals(network: Network, rho: np.ndarray) -> np.ndarray:
    """Return 1'S 1/N, 1'S W 1/N and their derivatives, shape (4, G)."""
    if network.row_standardised:
        m = 1.0 / (1.0 - rho)
        return np.stack([m, m, m**2, m**2])
    if len(rho) <= NODES or rho.max() == rho.min():
        known = {value: network.total_multipliers(value) for value in set(rho.tolist())}
        return np.array([known[value] for value in rho.tolist()]).T
    middle, half = (rho.max() + rho.min()) / 2, (rho.max() - rho.min()) / 2
    nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    series = dct(np.array([network.total_multipliers(middle + half * node) for node in nodes]), axis=0) / NODES
    series[0] /= 2
    return np.asarray(chebyshev.chebval((rho - middle) / half, series))
