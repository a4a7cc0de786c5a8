"""Law of a t statistic whose variance smooths all of the sample: fixed-b, by quadrature for the T dates at hand."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import toeplitz
from scipy.optimize import brentq

from evenfield.numerics.inference.dates import bartlett_weights
from evenfield.numerics.quadratic import ANGLE_WEIGHTS, ANGLES

SINE2 = np.sin((ANGLES + 1) * np.pi / 4) ** 2
TOLERANCE = 1e-10


def fixed_b_p_value(statistic: float, T: int, lags: int) -> float:
    """Return P(|t| > |statistic|) for a mean of T independent normal scores with a Bartlett long-run variance.

    Notes
    -----
    The sum and the deviations from the mean are independent, so with lam_j the eigenvalues of M K M / T the probability
    is that of z_0^2 > t^2 sum lam_j z_j^2, by Craig's form of the normal tail (see ``numerics.quadratic``).
    """
    eta = statistic**2 * _eigenvalues(T, lags)
    tails = np.exp(-0.5 * np.log1p(eta / SINE2[:, None]).sum(axis=1))
    return float(tails @ ANGLE_WEIGHTS / 2)


@lru_cache(maxsize=64)
def fixed_b_critical_value(T: int, lags: int, level: float) -> float:
    """Return the two-sided critical value of that law."""
    high = 2.0
    while fixed_b_p_value(high, T, lags) > 1 - level:
        high *= 2
    return float(brentq(lambda t: fixed_b_p_value(t, T, lags) - (1 - level), 0.0, high, xtol=TOLERANCE))


@lru_cache(maxsize=64)
def _eigenvalues(T: int, lags: int) -> np.ndarray:
    K = toeplitz(np.concatenate([[1.0], bartlett_weights(lags), np.zeros(T - 1 - lags)]))
    centred = K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()
    return np.asarray(np.maximum(np.linalg.eigvalsh(centred), 0.0) / T)
