"""Dependence between the units of a panel: CD, weighted CD with power enhancement, exponents of dependence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evenfield.numerics.errors import NumericsError

FEWEST_DATES = 5
WEIGHT_DRAWS = 30
LOADING_SIZE = 0.1
FACTORS = 4
CONSTANT = 1e-12


def pair_correlations(e: np.ndarray) -> np.ndarray:
    """Return the correlations between all pairs of units over time; e (N, T) -> (N, N)."""
    e = np.asarray(e, dtype=float)
    if len(e) < 3 or e.shape[1] < FEWEST_DATES:
        raise NumericsError(
            f"{len(e)} units at {e.shape[1]} dates, cross-section dependence needs 3 and {FEWEST_DATES}"
        )
    z = e - e.mean(axis=1, keepdims=True)
    norm = np.sqrt((z**2).sum(axis=1, keepdims=True))
    if (norm <= CONSTANT * np.abs(e).max()).any():
        raise NumericsError("a unit does not vary over time")
    return np.asarray((z / norm) @ (z / norm).T)


@dataclass(frozen=True, slots=True)
class DependenceTest:
    """A statistic that is standard normal when units are at most weakly dependent."""

    statistic: float  # value and two-sided p-value
    p_value: float


def cd_test(e: np.ndarray) -> DependenceTest:
    """Test whether the average correlation between units is zero (Pesaran's CD); e (N, T)."""
    rho = pair_correlations(e)
    return _normal(float(_cd(rho[None], e.shape[1])[0]))


def weighted_cd_test(e: np.ndarray, rng: np.random.Generator, draws: int = WEIGHT_DRAWS) -> DependenceTest:
    """Return the weighted CD of Juodis and Reese, which survives the removal of date effects; e (N, T)."""
    return _normal(_weighted(pair_correlations(e), e.shape[1], rng, draws))


def enhanced_cd_test(e: np.ndarray, rng: np.random.Generator, draws: int = WEIGHT_DRAWS) -> DependenceTest:
    """Return CDw+: the weighted CD plus the correlations that are too large to be chance; e (N, T)."""
    rho = pair_correlations(e)
    size = np.abs(rho[np.triu_indices(len(rho), 1)])
    large = float(size[size > 2 * np.sqrt(np.log(len(rho)) / e.shape[1])].sum())
    return _normal(_weighted(rho, e.shape[1], rng, draws) + large)


def _cd(rho: np.ndarray, dates: int) -> np.ndarray:
    n = rho.shape[-1]
    pairs = (rho.sum(axis=(-2, -1)) - np.trace(rho, axis1=-2, axis2=-1)) / 2
    return np.asarray(np.sqrt(2 * dates / (n * (n - 1))) * pairs)


def _weighted(rho: np.ndarray, dates: int, rng: np.random.Generator, draws: int) -> float:
    signs = rng.integers(0, 2, (draws, len(rho))) * 2.0 - 1.0
    return float(_cd(signs[:, :, None] * rho * signs[:, None, :], dates).sum() / np.sqrt(draws))


def _normal(statistic: float) -> DependenceTest:
    return DependenceTest(statistic, float(2 * ndtr(-abs(statistic))))


def exponent_of_residuals(e: np.ndarray, size: float = LOADING_SIZE, tuning: float = 0.5) -> float:
    """Return the exponent of dependence from the correlations that are significantly different from zero; e (N, T)."""
    rho = np.abs(pair_correlations(e))
    n = len(rho)
    limit = ndtri(1 - size / 2 / (n * (n - 1) / 2) ** tuning) / np.sqrt(e.shape[1])
    kept = np.where(rho > limit, rho, 0.0)
    np.fill_diagonal(kept, 1.0)
    return float(np.log(kept.sum()) / (2 * np.log(n)))


def exponent_of_means(x: np.ndarray, size: float = LOADING_SIZE, factors: int = FACTORS) -> float:
    """Return the exponent of dependence from the variance of the cross-section mean; x (N, T)."""
    pair_correlations(x)
    n, dates = np.asarray(x).shape
    if dates <= factors + 2 or n <= factors:
        raise NumericsError(f"{n} units at {dates} dates cannot carry {factors} factors")
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, ddof=1, keepdims=True)
    mean = z.mean(axis=0)
    variance = float(mean.var(ddof=1))
    scores = np.linalg.svd(z, full_matrices=False)[2][:factors]
    left = (z - (z @ scores.T) @ scores).mean(axis=0)
    log_n = np.log(n)
    loaded = z[_significant_loadings(z, mean, size)]
    mu2 = float(loaded.mean(axis=0).var()) if len(loaded) else 1.0
    noise = n * float(left.var(ddof=1)) / (2 * n * log_n * variance)
    return float(1 + np.log(variance) / (2 * log_n) - noise - np.log(mu2) / (2 * log_n))


def _significant_loadings(z: np.ndarray, mean: np.ndarray, size: float) -> np.ndarray:
    """Mark the units whose slope on the mean differs from zero, by Holm's step-down order."""
    centred = mean - mean.mean()
    squares = float(centred @ centred)
    slope = z @ centred / squares
    residual = z - z.mean(axis=1, keepdims=True) - slope[:, None] * centred
    error = np.sqrt((residual**2).sum(axis=1) / (len(mean) - 2) / squares)
    t = np.abs(slope) / np.maximum(error, np.finfo(float).tiny)
    order = np.argsort(-t, kind="stable")
    limits = ndtri(1 - size / 2 / (len(z) - np.arange(len(z))))
    passed = np.logical_and.accumulate(t[order] >= limits)
    out = np.zeros(len(z), dtype=bool)
    out[order[passed]] = True
    return out
