"""Long-run variance of the slope in a log t regression, for many regressions at once.

Residuals of one regression are dependent over its dates. Their autocovariances are summed
with the quadratic-spectral kernel, whose bandwidth follows from an AR(1) (Andrews 1991).
The two rules for that AR(1) are those of programs in use, and they differ.
"""

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from evenfield.numerics.arrays import Array, quotient

QS_FACTOR = 1.3221  # of the quadratic-spectral kernel, Andrews (1991), equation (6.2)
SMALLEST = 1e-300
UNBOUNDED = 1e7  # a bandwidth above this gives every lag its full weight


def quadratic_spectral(z: Array) -> Array:
    """Return the quadratic-spectral kernel.

    Notes
    -----
    k(z) = 25 / (12 pi^2 z^2) (sin(x) / x - cos(x)) with x = 6 pi z / 5, which is
    3 / x^2 (sin(x) / x - cos(x)).
    """
    x = 1.2 * np.pi * z
    return 3 / x**2 * (np.sin(x) / x - np.cos(x))


def first_quarter_variance(residuals: Array, log_t: Array) -> Array:
    """Return the variance of each slope with the AR(1) of the residuals (`fqsb`);
    residuals (B, n), log_t (n,) -> (B,).

    Notes
    -----
    Bandwidth 1.3221 (n 4 a^2 / (1 - a)^4)^(1/5) with a the first autocorrelation; the
    long-run variance of the residuals over sum (log t - mean)^2.
    """
    n = residuals.shape[1]
    early = residuals[:, :-1]
    products = np.einsum("bt,bt->b", early, residuals[:, 1:])
    a = quotient(products, np.einsum("bt,bt->b", early, early))
    curvature = 4 * a**2 * n / np.maximum((1 - a) ** 4, SMALLEST)
    bandwidth = QS_FACTOR * curvature**0.2
    weights = _kernel_weights(bandwidth, n - 2)
    covariances = 2 * np.einsum("bj,bj->b", weights, _autocovariances(early))
    squares = np.einsum("bt,bt->b", residuals, residuals)
    long_run = (squares + covariances) / (n - 1)
    centred = log_t - log_t.mean()
    return np.asarray(np.maximum(long_run, 0.0) / (centred @ centred))


def score_variance(residuals: Array, log_t: Array) -> Array:
    """Return the variance of each slope with the AR(1) of the scores (`aqsb`);
    residuals (B, n), log_t (n,) -> (B,).

    Notes
    -----
    Sandwich: the long-run variance of (log t - mean) u over the square of
    sum (log t - mean)^2, times n / (n - 2).
    """
    n = residuals.shape[1]
    centred = log_t - log_t.mean()
    a, variance = _ar1(residuals * log_t)
    # Andrews' alpha(2) of an AR(1), curvature over level of its spectrum at zero.
    level = variance**2 / (1 - a) ** 4
    ratio = 4 * a**2 * variance**2 / (1 - a) ** 8 / level
    bandwidth = QS_FACTOR * (n * ratio) ** 0.2
    weights = _kernel_weights(bandwidth, n - 1)
    scores = residuals * centred
    covariances = np.einsum("bj,bj->b", weights, _autocovariances(scores))
    meat = np.einsum("bt,bt->b", scores, scores) + 2 * covariances
    bread = (centred @ centred) ** 2
    return np.asarray(np.maximum(meat, 0.0) / bread * n / (n - 2))


VARIANCES: dict[str, Callable[[Array, Array], Array]] = {
    "fqsb": first_quarter_variance,
    "aqsb": score_variance,
}


def _kernel_weights(bandwidth: Array, lags: int) -> Array:
    """Return the weight of each lag; bandwidth (B,) -> (B, lags). A bandwidth of zero,
    or none, leaves only the variance.
    """
    # These two ignore what is no number.
    bounded = np.fmin(np.fmax(bandwidth, 1e-8), 1e8)
    weights = quadratic_spectral(np.arange(1, lags + 1) / bounded[:, None])
    weights[bandwidth > UNBOUNDED] = 1.0
    return weights


def _autocovariances(v: Array) -> Array:
    """Return sums of products at lags 1 to n - 1 by the spectrum; (B, n) -> (B, n - 1)."""
    n = v.shape[1]
    # Padded with zeros, so that the end of a series does not meet its start.
    padded = next_fast_len(2 * n - 1, real=True)
    waves = rfft(v, padded, axis=1)
    spectrum = waves.real**2 + waves.imag**2
    return np.asarray(irfft(spectrum, padded, axis=1)[:, 1:n])


def _ar1(scores: Array) -> tuple[Array, Array]:
    """Return slope and residual variance of an AR(1) with a constant, each (B,)."""
    before = scores[:, :-1]
    before = before - before.mean(axis=1, keepdims=True)
    after = scores[:, 1:]
    after = after - after.mean(axis=1, keepdims=True)
    products = np.einsum("bt,bt->b", before, after)
    slope = quotient(products, np.einsum("bt,bt->b", before, before))
    errors = after - slope[:, None] * before
    return slope, np.mean(errors**2, axis=1)
