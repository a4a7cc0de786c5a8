"""Trends of short annual series: Hodrick-Prescott, its boosted form, and Hamilton's
regression filter.
"""

from functools import lru_cache

import numpy as np
from scipy.linalg import eigvals_banded, solveh_banded

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

SHORTEST = 3
# Above it rounding, which the penalty multiplies, shows in the trend.
LARGEST_PENALTY = 1e10


def hp_trend(y: Array, smoothing: float = 400.0) -> Array:
    """Return the Hodrick-Prescott trend of each series; y (N, T) -> (N, T).

    Notes
    -----
    Hodrick and Prescott (1997). A constant added to a series is added to its trend.
    """
    y = _checked(y, smoothing)
    # A level far above the movements would cost digits of the solution.
    level = y[:, :1]
    return _smoothed(y - level, smoothing) + level


def boosted_hp_trend(y: Array, smoothing: float = 400.0, most: int = 50) -> Array:
    """Return the boosted Hodrick-Prescott trend, each series stopped by its information
    criterion.

    Notes
    -----
    Phillips and Shi (2021): IC(m) = c_m'c_m / c_1'c_1 + log(T) tr(I - (I - S)^m) / tr(I
    - S), c_m the cycle. The traces are sums over the eigenvalues of S.
    """
    y = _checked(y, smoothing)
    dates = y.shape[1]
    left = 1 - 1 / eigvals_banded(_penalised(dates, smoothing), lower=True)
    cycle = y - y[:, :1]
    cycles = []
    criteria = []
    for times in range(1, most + 1):
        # Filtering what is left of the series once more: the cycle is (I - S)^m y.
        cycle = cycle - _smoothed(cycle, smoothing)
        cycles.append(cycle)
        taken = dates - (left**times).sum()
        used = np.log(dates) * taken / left.sum()
        criteria.append(_squares(cycle) / _squares(cycles[0]) + used)
    # Each series stops where its own criterion is smallest.
    best = np.argmin(np.array(criteria), axis=0)
    return np.asarray(y - np.array(cycles)[best, np.arange(len(y))])


def hamilton_trend(y: Array, ahead: int = 2, lags: int = 1) -> Array:
    """Return the trend of Hamilton's regression filter; y (N, T) -> (N, T - ahead -
    lags + 1).

    Notes
    -----
    Hamilton (2018): two years ahead and one year of lags, whatever the frequency.
    """
    y = _checked(y, 1.0)
    first = ahead + lags - 1
    if y.shape[1] - first <= lags + 1:
        raise NumericsError(
            f"{y.shape[1]} periods are too few for a regression {ahead} periods ahead"
            f" on {lags} lags"
        )
    out = np.empty((len(y), y.shape[1] - first))
    for i, series in enumerate(y - y[:, :1]):
        columns = [
            series[first - ahead - lag : len(series) - ahead - lag]
            for lag in range(lags)
        ]
        X = np.column_stack([np.ones(out.shape[1]), *columns])
        coefficients = np.linalg.lstsq(X, series[first:], rcond=None)[0]
        out[i] = X @ coefficients + y[i, 0]
    return out


def _checked(y: Array, smoothing: float) -> Array:
    y = np.asarray(y, dtype=float)
    if y.ndim != 2 or y.shape[1] < SHORTEST:
        raise NumericsError(f"a trend needs series of at least {SHORTEST} periods")
    if not np.isfinite(y).all():
        raise NumericsError("a series has a gap")
    if not 0 < smoothing <= LARGEST_PENALTY:
        raise NumericsError(
            "the smoothing penalty must be positive and at most"
            f" {LARGEST_PENALTY:g}, not {smoothing:g}"
        )
    return y


def _smoothed(y: Array, smoothing: float) -> Array:
    """Solve (I + penalty D'D) g = y for each series; (N, T) -> (N, T)."""
    banded = _penalised(y.shape[1], smoothing)
    return np.asarray(solveh_banded(banded, y.T, lower=True).T)


@lru_cache(maxsize=16)
def _penalised(dates: int, smoothing: float) -> Array:
    """Return I + penalty D'D with D the second differences: its diagonals from the main
    one on, (3, T).
    """
    diagonals = np.zeros((3, dates))
    weights = np.array([1.0, -2.0, 1.0])
    for below in range(3):
        for column, product in enumerate(weights[: 3 - below] * weights[below:]):
            diagonals[below, column : column + dates - 2] += smoothing * product
    diagonals[0] += 1.0
    return diagonals


def _squares(cycle: Array) -> Array:
    squares = np.einsum("it,it->i", cycle, cycle)
    return np.where(squares > 0, squares, 1.0)
