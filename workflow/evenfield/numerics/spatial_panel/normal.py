"""Standard normal quantiles and p-values, so that no floor above needs scipy."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri


def normal_quantile(probability: float) -> float:
    """Return a quantile of the standard normal.

    Parameters
    ----------
    probability : float
        Between 0 and 1.

    Returns
    -------
    float
    """
    return float(ndtri(probability))


def two_sided_p(statistic: np.ndarray) -> np.ndarray:
    """Return two-sided p-values of standard normal statistics.

    Parameters
    ----------
    statistic : ndarray
        Statistics; NaN stays NaN.

    Returns
    -------
    ndarray
    """
    return np.asarray(2 * ndtr(-np.abs(statistic)))
