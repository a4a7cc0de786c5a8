"""The same units regressed in every window of years, with one joint covariance.

Slopes of windows that overlap are dependent in a way that nobody knows. What a unit does
to each slope when it is left out gives their joint covariance without a model of that
dependence, and a bootstrap that keeps a unit together gives a band around the whole path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.rolling.signed_influence import (
    Influences,
    influence_products,
    rademacher,
)

DRAWS_AT_ONCE = 500
CONSTANT = 1e-12
LEVERAGE_ONE = 1e-10
SMALLEST, LARGEST = 1e-140, 1e140  # whose squares and their sums are numbers


class WindowFit(NamedTuple):
    """One least-squares line for each of S windows, through the same N units."""

    # (S,) coefficient of the regressor in each window
    slope: Array
    # (N, S) by how much slope s falls when unit i is left out: w_is u_is / (1 - h_is)
    influence: Array
    # (N, S) weight of unit i in slope s: (x_is - mean_s) / sum_i (x_is - mean_s)^2
    weights: Array
    # (N, S) residuals divided by one minus leverage
    scaled: Array
    # (N, S) diagonals of the hat matrices
    leverage: Array

    @property
    def df(self) -> int:
        """Residual degrees of freedom N - 2 of each window."""
        return len(self.weights) - 2

    @property
    def covariance(self) -> Array:
        """Joint covariance of the slopes, shape (S, S); its diagonal is HC3."""
        return self.influence.T @ self.influence

    @property
    def std_error(self) -> Array:
        """HC3 standard errors, shape (S,)."""
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0)))


@dataclass(frozen=True)
class SlopeDraws:
    """Slopes of D bootstrap samples, as deviations from the estimates."""

    deviation: Array  # (D, S) b* - b
    signs: Array  # (D, N)
    influences: list[Influences]  # of each window

    @property
    def std_error(self) -> Array:
        """HC3 errors of b*, shape (D, S)."""
        squares = [influence_products(self.signs, own, own) for own in self.influences]
        return np.sqrt(np.maximum(np.column_stack(squares), 0.0))

    @property
    def covariance(self) -> Array:
        """Joint covariances of b*, shape (D, S, S)."""
        windows = len(self.influences)
        out = np.empty((len(self.signs), windows, windows))
        for s, t in combinations_with_replacement(range(windows), 2):
            products = influence_products(
                self.signs, self.influences[s], self.influences[t]
            )
            out[:, s, t] = out[:, t, s] = products
        return out


def window_ends(times: np.ndarray, span: int) -> list[tuple[int, int]]:
    """List the windows of a given length by positions of first and last date; times
    (T,).
    """
    position = {int(time): i for i, time in enumerate(times)}
    return [
        (i, position[int(time) + span])
        for i, time in enumerate(times)
        if int(time) + span in position
    ]


def fit_windows(y: Array, X: Array) -> WindowFit:
    """Fit y_is = a_s + b_s x_is + u_is in every window; y, X (N, S).

    Notes
    -----
    All windows share their units, so that sum_i influence_is influence_iq estimates the
    covariance of two slopes whatever the dependence between the windows is: the cluster
    jackknife of the stacked regressions (Bell and McCaffrey 2002) without its factor
    (N-1)/N.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    _check_windows(y, X)
    x = X - X.mean(axis=0)
    outcome = y - y.mean(axis=0)
    weights = x / (x**2).sum(axis=0)
    slope = (weights * outcome).sum(axis=0)
    leverage = 1 / len(y) + weights * x
    if (leverage > 1 - LEVERAGE_ONE).any():
        raise NumericsError("one unit determines a slope alone (leverage 1)")
    scaled = (outcome - slope * x) / (1 - leverage)
    return WindowFit(
        slope=slope,
        influence=weights * scaled,
        weights=weights,
        scaled=scaled,
        leverage=leverage,
    )


def _check_windows(y: Array, X: Array) -> None:
    if len(y) < 3:
        raise NumericsError(f"{counted(len(y), 'unit')}, a regression needs at least 3")
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise NumericsError("a window holds a missing or infinite value")
    largest = np.abs(X).max(axis=0)
    if (np.ptp(X, axis=0) <= CONSTANT * largest).any():
        raise NumericsError("a regressor is the same in every unit")
    if not ((largest > SMALLEST) & (largest < LARGEST)).all():
        raise NumericsError("a regressor too large or too small to be squared")


def slope_draws(
    fit: WindowFit, rng: np.random.Generator, draws: int
) -> Iterator[SlopeDraws]:
    """Yield bootstrap samples, some hundred at once.

    Notes
    -----
    Wild bootstrap by unit: u*_is = g_i u_is / (1 - h_is) with one sign g_i for all
    windows of a unit (Rademacher).
    """
    x = fit.weights / (fit.weights**2).sum(axis=0)
    units, windows = fit.weights.shape
    # Influence w_is u_is / (1 - h_is), as in the data.
    weights = fit.weights / (1 - fit.leverage)
    for samples in blocks(draws, DRAWS_AT_ONCE):
        signs = rademacher(rng, samples, units)
        deviation = signs @ (fit.weights * fit.scaled)
        mean = signs @ fit.scaled / units
        # u*_is = g_i u_is / (1 - h_is) - mean_s - (b*_s - b_s) x_is
        influences = [
            Influences(
                data=weights[:, s] * fit.scaled[:, s],
                refitted=weights[:, [s]] * np.column_stack([np.ones(units), x[:, s]]),
                by_sample=np.column_stack([mean[:, s], deviation[:, s]]),
            )
            for s in range(windows)
        ]
        yield SlopeDraws(deviation=deviation, signs=signs, influences=influences)


def sup_t_draws(fit: WindowFit, rng: np.random.Generator, draws: int) -> Array:
    """Draw the largest absolute t-ratio over all windows, sorted; shape (draws,).

    Notes
    -----
    max_s |b*_s - b_s| / se*_s, with slopes and HC3 errors computed again in each sample
    of a wild bootstrap by unit. Montiel Olea and Plagborg-Moller (2019) on sup-t bands;
    Cameron, Gelbach and Miller (2008) on the bootstrap.
    """
    largest_residual = np.abs(fit.scaled).max(axis=0)
    size_of_fit = np.abs(fit.slope / fit.weights.max(axis=0))
    if (largest_residual <= CONSTANT * size_of_fit).any():
        raise NumericsError("a window fits perfectly, no residual is left")
    largest = []
    for sample in slope_draws(fit, rng, draws):
        t_ratios = np.abs(sample.deviation / sample.std_error)
        largest.append(t_ratios.max(axis=1))  # over all windows at once
    return np.sort(np.concatenate(largest))


def sup_t_critical_value(largest: Array, level: float = 0.95) -> float:
    """Return the multiple of the standard errors that covers all slopes at once;
    largest (draws,).
    """
    return float(np.quantile(largest, level, method="higher"))
