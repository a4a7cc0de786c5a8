"""Quantiles and p-values of the normal, t and F laws, so that no floor above needs scipy."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtrc, ndtr, ndtri, stdtr, stdtrit


def normal_quantile(probability: float) -> float:
    """Return a quantile of the standard normal."""
    return float(ndtri(probability))


def two_sided_p(statistic: np.ndarray) -> np.ndarray:
    """Return two-sided p-values of standard normal statistics."""
    return np.asarray(2 * ndtr(-np.abs(statistic)))


def student_quantile(df: np.ndarray, probability: float) -> np.ndarray:
    """Return quantiles of Student's t."""
    return np.asarray(stdtrit(df, probability))


def student_two_sided_p(statistic: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return two-sided p-values of t statistics."""
    return np.asarray(2 * stdtr(df, -np.abs(statistic)))


def f_upper_tail(statistic: float, df: float, df_rest: float) -> float:
    """Return the upper tail of an F law."""
    return float(fdtrc(df, df_rest, statistic))
