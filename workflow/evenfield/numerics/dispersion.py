"""Dispersion of incomes, and tests of whether it differs between two dates.

Axis 0 is always the unit; further axes are dates or draws. Incomes of two dates are those
of the same units, so that their covariance enters every test.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted

SINGULAR = 1e-14


def sigma(y: Array) -> Array:
    """Return the standard deviation over units, with N - 1 in the denominator; y (N,)
    -> ().
    """
    y = np.asarray(y, dtype=float)
    if len(y) < 2:
        return np.full(y.shape[1:], np.nan)
    return np.asarray(np.std(y, axis=0, ddof=1))


def coefficient_of_variation(levels: Array) -> Array:
    """Return the standard deviation (N - 1) divided by the mean; levels (N,) -> ()."""
    return np.asarray(sigma(levels) / np.mean(levels, axis=0))


def percentile_ratio(levels: Array, high: float = 90.0, low: float = 10.0) -> Array:
    """Return the ratio of two percentiles; levels (N,) -> ()."""
    return np.percentile(levels, high, axis=0) / np.percentile(levels, low, axis=0)


def interquartile_range(y: Array) -> Array:
    """Return the distance between the quartiles; y (N,) -> ()."""
    return np.percentile(y, 75.0, axis=0) - np.percentile(y, 25.0, axis=0)


def leave_one_out_sigma(y: Array) -> Array:
    """Return sigma of the other units for each unit left out; y (N,).

    Notes
    -----
    s_(i)^2 = [S - N/(N-1) (y_i - ybar)^2] / (N-2) with S the sum of squares about the
    mean.
    """
    y = np.asarray(y, dtype=float)
    n = len(y)
    if n < 3:
        raise NumericsError(
            f"{counted(n, 'unit')}: leaving one out needs at least three"
        )
    # The mean moves too when a unit leaves: its square counts N/(N-1) times.
    squares = (y - y.mean(axis=0)) ** 2
    left = squares.sum(axis=0) - n / (n - 1) * squares
    return np.asarray(np.sqrt(np.maximum(left, 0.0) / (n - 2)))


class VarianceTest(NamedTuple):
    """A test statistic for equal variances at two dates."""

    statistic: Array  # one value per column of the input
    p_value: Array  # from chi-squared with one degree of freedom


def carree_klomp_t2_test(y_start: Array, y_end: Array) -> VarianceTest:
    """Test equal variances at two dates by the likelihood ratio of Carree and Klomp;
    y_start, y_end (N,).

    Notes
    -----
    T2 = (N - 2.5) ln[1 + (s_0^2 - s_T^2)^2 / (4 (s_0^2 s_T^2 - c^2))], c = cov(y_0,
    y_T), ddof 1 (Carree and Klomp 1997). Its size is right only for independent normal
    units.
    """
    v_start, v_end, c = _moments(y_start, y_end)
    inner = v_start * v_end - c**2
    distance = (v_start - v_end) ** 2 / (4 * inner)
    statistic = np.asarray((len(y_start) - 2.5) * np.log1p(distance))
    return VarianceTest(statistic, np.asarray(chdtrc(1, statistic)))


def carree_klomp_t3(y_start: Array, y_end: Array) -> Array:
    """Return Carree and Klomp's T3, a description of how far the variances differ;
    y_start, y_end (N,) -> ().
    """
    v_start, v_end, c = _moments(y_start, y_end)
    correlation_squared = c**2 / (v_start * v_end)
    gap = np.sqrt(len(y_start)) * (v_start / v_end - 1)
    return np.asarray(gap / (2 * np.sqrt(1 - correlation_squared)))


def _moments(y_start: Array, y_end: Array) -> tuple[Array, Array, Array]:
    """Return both variances and the covariance."""
    a = np.asarray(y_start, dtype=float)
    b = np.asarray(y_end, dtype=float)
    if len(a) < 3:
        raise NumericsError(
            f"{counted(len(a), 'unit')}: a comparison of two dates needs at least three"
        )
    a = a - a.mean(axis=0)
    b = b - b.mean(axis=0)
    v_start, v_end, c = (
        (one * other).sum(axis=0) / (len(a) - 1)
        for one, other in ((a, a), (b, b), (a, b))
    )
    product = v_start * v_end
    if np.any(product - c**2 <= SINGULAR * product):
        raise NumericsError(
            "the incomes of the two dates are constant or perfectly correlated"
        )
    return v_start, v_end, c
