"""Long-run variances of the slope of a log t regression, with Andrews' bandwidth of an AR(1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

QS_FACTOR = 1.3221


def ratio_or_nan(b: np.ndarray, std_error: np.ndarray) -> np.ndarray:
    """Divide where the divisor is positive; b, std_error (B,) -> (B,)."""
    return np.asarray(np.divide(b, std_error, out=np.full(len(b), np.nan), where=std_error > 0))


def quadratic_spectral(z: np.ndarray) -> np.ndarray:
    """Return the quadratic-spectral kernel."""
    x = 1.2 * np.pi * z
    return np.asarray(3 / x**2 * (np.sin(x) / x - np.cos(x)))


def _kernel_weights(bandwidth: np.ndarray, lags: int) -> np.ndarray:
    # A zero bandwidth leaves only the variance, an infinite one gives every lag its full weight.
    wide = np.clip(bandwidth, 1e-8, 1e8)
    weights = quadratic_spectral(np.arange(1, lags + 1) / wide[:, None])
    return np.where(bandwidth[:, None] > 1e7, 1.0, weights)


def _autocovariances(v: np.ndarray) -> np.ndarray:
    spectrum = np.abs(np.fft.rfft(v, 2 * v.shape[1], axis=1)) ** 2
    return np.asarray(np.fft.irfft(spectrum, 2 * v.shape[1], axis=1)[:, 1 : v.shape[1]])


def _fqsb(residuals: np.ndarray, log_t: np.ndarray) -> np.ndarray:
    n = residuals.shape[1]
    early = residuals[:, :-1]
    squares = np.einsum("bt,bt->b", early, early)
    a = ratio_or_nan(np.einsum("bt,bt->b", early, residuals[:, 1:]), squares)
    bandwidth = QS_FACTOR * (4 * a**2 * n / np.maximum((1 - a) ** 4, 1e-300)) ** 0.2
    weights = _kernel_weights(np.nan_to_num(bandwidth), n - 2)
    covariances = 2 * np.einsum("bj,bj->b", weights, _autocovariances(early))
    long_run = (np.einsum("bt,bt->b", residuals, residuals) + covariances) / (n - 1)
    centred = log_t - log_t.mean()
    return np.asarray(np.maximum(long_run, 0.0) / (centred @ centred))


def _aqsb(residuals: np.ndarray, log_t: np.ndarray) -> np.ndarray:
    n = residuals.shape[1]
    centred = log_t - log_t.mean()
    scores = residuals * log_t
    a, variance = _ar1(scores)
    ratio = 4 * a**2 * variance**2 / (1 - a) ** 8 / (variance**2 / (1 - a) ** 4)
    bandwidth = QS_FACTOR * (n * ratio) ** 0.2
    weights = _kernel_weights(np.nan_to_num(bandwidth), n - 1)
    used = residuals * centred
    long_run = np.einsum("bt,bt->b", used, used) + 2 * np.einsum("bj,bj->b", weights, _autocovariances(used))
    return np.asarray(np.maximum(long_run, 0.0) / (centred @ centred) ** 2 * n / (n - 2))


def _ar1(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    before = scores[:, :-1] - scores[:, :-1].mean(axis=1, keepdims=True)
    after = scores[:, 1:] - scores[:, 1:].mean(axis=1, keepdims=True)
    a = ratio_or_nan(np.einsum("bt,bt->b", before, after), np.einsum("bt,bt->b", before, before))
    errors = after - a[:, None] * before
    return a, np.mean(errors**2, axis=1)


VARIANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"fqsb": _fqsb, "aqsb": _aqsb}
