"""Dispersion of incomes, and tests of whether it differs between two dates.

Incomes of two dates are those of the same units, so that their covariance enters every
test.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from evenfield.numerics.arrays import CONSTANT, Array, is_constant
from evenfield.numerics.errors import NumericsError, counted

FEWEST_UNITS = 3  # a constant and a slope leave a degree of freedom from three units on
SINGULAR = 1e-14


def sigma(y: Array) -> Array:
    """Return the standard deviation over units, with N - 1 in the denominator; y (N, ...)
    -> (...).
    """
    y = np.asarray(y, dtype=float)
    if len(y) < 2:
        return np.full(y.shape[1:], np.nan)
    return np.asarray(np.std(y, axis=0, ddof=1))


def leave_one_out_sigma(y: Array) -> Array:
    """Return sigma of the other units for each unit left out; y (N, ...).

    Notes
    -----
    s_(i)^2 = [S - N/(N-1) (y_i - ybar)^2] / (N-2) with S the sum of squares about the
    mean.
    """
    y = np.asarray(y, dtype=float)
    n = len(y)
    if n < FEWEST_UNITS:
        return np.full(y.shape, np.nan)
    # The mean moves too when a unit leaves: its square counts N/(N-1) times.
    squares = (y - y.mean(axis=0)) ** 2
    left = squares.sum(axis=0) - n / (n - 1) * squares
    return np.asarray(np.sqrt(np.maximum(left, 0.0) / (n - 2)))


class VarianceTests(NamedTuple):
    """Carree and Klomp's statistics for equal variances at two dates."""

    t2: float  # likelihood ratio
    t2_p: float  # from chi-squared with one degree of freedom
    t3: float  # description of how far the variances differ, without a law


def carree_klomp(start: Array, end: Array) -> VarianceTests:
    """Compare the variances of log incomes at two dates; start, end (N,).

    Notes
    -----
    With variances s_0^2, s_T^2 and covariance c, ddof 1 (Carree and Klomp 1997),
    T2 = (N - 2.5) ln[1 + (s_0^2 - s_T^2)^2 / (4 (s_0^2 s_T^2 - c^2))] and
    T3 = sqrt(N) (s_0^2/s_T^2 - 1) / (2 sqrt(1 - c^2/(s_0^2 s_T^2))). The size of T2 is
    right only for independent normal units.
    """
    n = len(start)
    if n < FEWEST_UNITS:
        needed = f"a comparison of two dates needs at least {FEWEST_UNITS}"
        raise NumericsError(f"{counted(n, 'unit')}, {needed}")
    if is_constant(start) or is_constant(end):
        raise NumericsError("income is the same in every unit")
    # Growth that differs by rounding alone is measured against income, not itself.
    if np.ptp(end - start) <= CONSTANT * np.abs(start).max():
        raise NumericsError("every unit grew by the same amount")
    (v_start, c), (_, v_end) = np.cov(start, end)
    product = v_start * v_end
    apart = product - c**2
    if apart <= SINGULAR * product:
        raise NumericsError("the incomes of the two dates are perfectly correlated")
    t2 = (n - 2.5) * np.log1p((v_start - v_end) ** 2 / (4 * apart))
    t3 = np.sqrt(n) * (v_start / v_end - 1) / (2 * np.sqrt(apart / product))
    return VarianceTests(t2=float(t2), t2_p=float(chdtrc(1, t2)), t3=float(t3))
