"""Fixed effects of a dynamic panel, the sums they need, and the half-panel jackknife.

Each unit's mean holds its later shocks, so that least squares with unit effects finds a
root that is too small (Nickell 1981). What corrects it starts from these moments.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted


class RootFit(NamedTuple):
    """An estimate of the autoregressive root."""

    rho: float  # root between two dates of the panel
    std_error: float  # clustered by unit, with N/(N-1); NaN where it is not defined
    df: float  # N - 1
    n_units: int  # units N, and transitions that each has in the regression
    n_periods: int


def residuals(levels: Array, rho: float) -> Array:
    """Return y_it - rho y_i,t-1 without unit and year means; levels (N, T + 1) -> (N,
    T).
    """
    pairs = transitions(levels)
    return two_way(pairs.y - rho * pairs.lag)


class ResidualCheck(NamedTuple):
    """What the bias correction assumes about the shocks, as far as the residuals show
    it.
    """

    autocorrelation: float  # slope of the residuals on their lag
    # the same plus 1/(T - 1), its expectation under no autocorrelation being -1/(T - 1)
    net_autocorrelation: float
    # standard deviation of the shocks in the first and second half, in the unit of the
    # levels
    sd_first: float
    sd_second: float


def residual_check(levels: Array, rho: float) -> ResidualCheck:
    """Describe serial correlation and changing variance of the shocks; levels (N, T +
    1).
    """
    e = residuals(levels, rho)
    n, t = e.shape
    early = e[:, :-1]
    products = (e[:, 1:] * early).sum()
    slope = float(products / (early**2).sum())
    yearly = (e**2).sum(axis=0) / (n - 1) * t / (t - 1)
    first = yearly[: t // 2].mean()
    second = yearly[t // 2 :].mean()
    return ResidualCheck(
        autocorrelation=slope,
        net_autocorrelation=slope + 1 / (t - 1),
        sd_first=float(np.sqrt(first)),
        sd_second=float(np.sqrt(second)),
    )


CONSTANT = 1e-12
FEWEST_UNITS = 3


class Transitions(NamedTuple):
    """Levels next to their lags, after the mean of each unit was removed (or not, for
    pooled least squares).
    """

    y: Array  # (N, T) outcome in the T transitions
    lag: Array  # (N, T) outcome one date earlier

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return int(self.y.shape[0])

    @property
    def n_periods(self) -> int:
        """Number of transitions T."""
        return int(self.y.shape[1])


class Moments(NamedTuple):
    """Sums over units of squares and products, each about its year mean, one row a
    draw.
    """

    yy: Array  # (B, T) of the outcome squared, outcome times lag, and lag squared
    yl: Array
    ll: Array
    y_mean: Array  # (B, T) year means that were removed
    lag_mean: Array

    @property
    def slope(self) -> Array:
        """Least-squares rho of each draw, shape (B,)."""
        return np.asarray(self.yl.sum(axis=1) / self.ll.sum(axis=1))


def checked_levels(levels: Array, fewest_dates: int) -> Array:
    """Return a balanced panel of levels, or say why it cannot carry a dynamic panel."""
    levels = np.asarray(levels, dtype=float)
    if levels.ndim != 2:
        raise NumericsError("a panel needs one row a unit and one column a date")
    missing = int((~np.isfinite(levels)).sum())
    if missing:
        raise NumericsError(
            f"{counted(missing, 'value is', 'values are')} missing: the panel must be"
            " balanced"
        )
    if levels.shape[0] < FEWEST_UNITS:
        raise NumericsError(
            f"{counted(levels.shape[0], 'unit')}, a dynamic panel needs at least"
            f" {FEWEST_UNITS}"
        )
    if levels.shape[1] < fewest_dates:
        raise NumericsError(
            f"{counted(levels.shape[1], 'date')}, this estimator needs at least {fewest_dates}"
        )
    size = np.abs(levels).max()
    over_dates = np.ptp(levels - levels[:1], axis=1).max()
    over_units = np.ptp(levels, axis=0).max()
    if min(over_dates, over_units) <= CONSTANT * size:
        raise NumericsError("the series are constant beyond unit and year effects")
    return levels


def within_units(levels: Array) -> Transitions:
    """Pair levels with their lags and remove each unit's mean of either; levels (N, T +
    1).
    """
    pairs = transitions(levels)
    y = pairs.y - pairs.y.mean(axis=1, keepdims=True)
    return Transitions(y, pairs.lag - pairs.lag.mean(axis=1, keepdims=True))


def transitions(levels: Array) -> Transitions:
    """Pair levels with their lags; levels (N, T + 1)."""
    centred = levels - levels.mean(axis=0, keepdims=True)
    return Transitions(centred[:, 1:], centred[:, :-1])


def two_way(values: Array) -> Array:
    """Remove the means of rows and columns; values (N, T) -> (N, T)."""
    rows = values - values.mean(axis=1, keepdims=True)
    return np.asarray(rows - rows.mean(axis=0, keepdims=True))


class OneLeftOut(NamedTuple):
    """Weights that leave out one unit after the other: (N, N) ones less the identity,
    which products need no table of.
    """

    n_units: int

    def __matmul__(self, values: Array) -> Array:
        """Return the sums over the other units; values (N, T) -> (N, T)."""
        return np.asarray(values.sum(axis=0) - values)


def moments(pairs: Transitions, weights: Array | OneLeftOut) -> Moments:
    """Sum squares and products about the year means, for every draw of units at once;
    weights (B, N).
    """
    n = weights @ np.ones((pairs.n_units, 1))
    y_mean = weights @ pairs.y / n
    lag_mean = weights @ pairs.lag / n
    return Moments(
        yy=weights @ pairs.y**2 - n * y_mean**2,
        yl=weights @ (pairs.y * pairs.lag) - n * y_mean * lag_mean,
        ll=weights @ pairs.lag**2 - n * lag_mean**2,
        y_mean=y_mean,
        lag_mean=lag_mean,
    )


def whole_sample(n_units: int) -> Array:
    """Return the weights of the sample itself; shape (1, N)."""
    return np.ones((1, n_units))


def resampled(n_units: int, draws: int, rng: np.random.Generator) -> Array:
    """Draw units with replacement, whole paths at a time; shape (B, N)."""
    picked = rng.integers(0, n_units, size=(draws, n_units))
    flat = picked + n_units * np.arange(draws)[:, None]
    times = np.bincount(flat.ravel(), minlength=draws * n_units)
    return times.reshape(draws, n_units).astype(float)


FEWEST_DATES = 5
WARNING = "requires stationary initial conditions"


def half_panel_root(levels: Array) -> RootFit:
    """Fit twice the fixed-effects root minus its mean over the two halves of the panel;
    levels (N, T + 1).

    Notes
    -----
    Dhaene and Jochmans (2015). Units that start far from their steady states, the case
    that convergence is about, make it over-correct: its speed is too low.
    """
    levels = checked_levels(levels, FEWEST_DATES)
    n = levels.shape[0]
    t = levels.shape[1] - 1
    rho = float(_roots(levels, whole_sample(n))[0])
    changes = _roots(levels, OneLeftOut(n)) - rho
    return RootFit(
        rho=rho,
        std_error=float(np.sqrt((n - 1) / n * changes @ changes)),
        df=n - 1,
        n_units=n,
        n_periods=t,
    )


def _roots(levels: Array, weights: Array | OneLeftOut) -> Array:
    t = levels.shape[1] - 1
    # An odd number of transitions is split both ways.
    splits = {t // 2, t - t // 2}
    halves = [_halves(levels, weights, split) for split in sorted(splits)]
    whole = moments(within_units(levels), weights).slope
    return np.asarray(2 * whole - np.mean(halves, axis=0))


def _halves(levels: Array, weights: Array | OneLeftOut, split: int) -> Array:
    t = levels.shape[1] - 1
    first = moments(within_units(levels[:, : split + 1]), weights).slope
    second = moments(within_units(levels[:, split:]), weights).slope
    return np.asarray((split * first + (t - split) * second) / t)
