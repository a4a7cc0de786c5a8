"""Transitions of a balanced panel, what is left after unit and year effects, and the moments the estimators use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

CONSTANT = 1e-12
FEWEST_UNITS = 3


@dataclass(frozen=True)
class Transitions:
    """Levels next to their lags, after the mean of each unit was removed (or not, for pooled least squares).

    Attributes
    ----------
    y : ndarray, shape (N, T)
        Outcome in the T transitions.
    lag : ndarray, shape (N, T)
        Outcome one date earlier.
    """

    y: np.ndarray
    lag: np.ndarray

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return int(self.y.shape[0])

    @property
    def n_periods(self) -> int:
        """Number of transitions T."""
        return int(self.y.shape[1])


@dataclass(frozen=True)
class Moments:
    """Sums over units of squares and products, each about its year mean, one row a draw.

    Attributes
    ----------
    yy, yl, ll : ndarray, shape (B, T)
        Of the outcome squared, outcome times lag, and lag squared.
    y_mean, lag_mean : ndarray, shape (B, T)
        Year means that were removed.
    """

    yy: np.ndarray
    yl: np.ndarray
    ll: np.ndarray
    y_mean: np.ndarray
    lag_mean: np.ndarray

    @property
    def slope(self) -> np.ndarray:
        """Least-squares rho of each draw, shape (B,)."""
        return np.asarray(self.yl.sum(axis=1) / self.ll.sum(axis=1))


def checked_levels(levels: np.ndarray, fewest_dates: int) -> np.ndarray:
    """Return a balanced panel of levels, or say why it cannot carry a dynamic panel.

    Parameters
    ----------
    levels : ndarray, shape (N, T + 1)
        Log income of N units at T + 1 equally spaced dates.
    fewest_dates : int
        Smallest number of dates that the estimator needs.

    Returns
    -------
    ndarray, shape (N, T + 1)

    Raises
    ------
    NumericsError
        If a value is missing, the panel is too short or too narrow, or it does not vary beyond its effects.
    """
    levels = np.asarray(levels, dtype=float)
    if levels.ndim != 2:
        raise NumericsError("a panel needs one row a unit and one column a date")
    if not np.isfinite(levels).all():
        raise NumericsError(f"{int((~np.isfinite(levels)).sum())} values are missing: the panel must be balanced")
    if levels.shape[0] < FEWEST_UNITS:
        raise NumericsError(f"{levels.shape[0]} units, a dynamic panel needs at least {FEWEST_UNITS}")
    if levels.shape[1] < fewest_dates:
        raise NumericsError(f"{levels.shape[1]} dates, this estimator needs at least {fewest_dates}")
    size = np.abs(levels).max()
    if np.ptp(levels - levels[:1], axis=1).max() <= CONSTANT * size or np.ptp(levels, axis=0).max() <= CONSTANT * size:
        raise NumericsError("the series are constant beyond unit and year effects")
    return levels


def within_units(levels: np.ndarray) -> Transitions:
    """Pair levels with their lags and remove each unit's mean of either.

    Parameters
    ----------
    levels : ndarray, shape (N, T + 1)
        Levels.

    Returns
    -------
    Transitions
        Arrays of shape (N, T).
    """
    pairs = transitions(levels)
    means = pairs.y.mean(axis=1, keepdims=True), pairs.lag.mean(axis=1, keepdims=True)
    return Transitions(pairs.y - means[0], pairs.lag - means[1])


def transitions(levels: np.ndarray) -> Transitions:
    """Pair levels with their lags.

    Parameters
    ----------
    levels : ndarray, shape (N, T + 1)
        Levels; a constant far from zero is removed first because it costs digits and no effect sees it.

    Returns
    -------
    Transitions
        Arrays of shape (N, T).
    """
    centred = levels - levels.mean(axis=0, keepdims=True)
    return Transitions(centred[:, 1:], centred[:, :-1])


def two_way(values: np.ndarray) -> np.ndarray:
    """Remove the means of rows and columns.

    Parameters
    ----------
    values : ndarray, shape (N, T)
        One row a unit, one column a year.

    Returns
    -------
    ndarray, shape (N, T)
    """
    rows = values - values.mean(axis=1, keepdims=True)
    return np.asarray(rows - rows.mean(axis=0, keepdims=True))


def moments(pairs: Transitions, weights: np.ndarray) -> Moments:
    """Sum squares and products about the year means, for every draw of units at once.

    Parameters
    ----------
    pairs : Transitions
        Outcome and lag.
    weights : ndarray, shape (B, N)
        How often each draw holds each unit: ones for the sample, counts for a bootstrap, a zero to leave a unit out.

    Returns
    -------
    Moments
        Year means and sums are those of the draw.
    """
    n = weights.sum(axis=1, keepdims=True)
    y_mean, lag_mean = weights @ pairs.y / n, weights @ pairs.lag / n
    return Moments(
        weights @ pairs.y**2 - n * y_mean**2,
        weights @ (pairs.y * pairs.lag) - n * y_mean * lag_mean,
        weights @ pairs.lag**2 - n * lag_mean**2,
        y_mean,
        lag_mean,
    )


def whole_sample(n_units: int) -> np.ndarray:
    """Return the weights of the sample itself.

    Parameters
    ----------
    n_units : int
        Number of units N.

    Returns
    -------
    ndarray, shape (1, N)
        Ones.
    """
    return np.ones((1, n_units))


def leave_one_out(n_units: int) -> np.ndarray:
    """Return the weights that leave out one unit after the other.

    Parameters
    ----------
    n_units : int
        Number of units N.

    Returns
    -------
    ndarray, shape (N, N)
        Ones with a zero diagonal.
    """
    return np.asarray(1.0 - np.eye(n_units))


def resampled(n_units: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw units with replacement, whole paths at a time.

    Parameters
    ----------
    n_units : int
        Number of units N.
    draws : int
        Number of draws B.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    ndarray, shape (B, N)
        How often each draw holds each unit; each row sums to N.
    """
    picked = rng.integers(0, n_units, size=(draws, n_units))
    flat = picked + n_units * np.arange(draws)[:, None]
    return np.asarray(np.bincount(flat.ravel(), minlength=draws * n_units).reshape(draws, n_units), dtype=float)
