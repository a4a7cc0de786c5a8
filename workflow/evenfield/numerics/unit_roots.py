"""Unit roots in panels and cross-section dependence."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from evenfield.numerics.errors import NumericsError

QS_FACTOR = 1.3221


def ratio_or_nan(b: np.ndarray, std_error: np.ndarray) -> np.ndarray:
    """Divide where the divisor is positive; b, std_error (B,) -> (B,)."""
    return np.asarray(
        np.divide(b, std_error, out=np.full(len(b), np.nan), where=std_error > 0)
    )


def quadratic_spectral(z: np.ndarray) -> np.ndarray:
    """Return the quadratic-spectral kernel."""
    x = 1.2 * np.pi * z
    return np.asarray(3 / x**2 * (np.sin(x) / x - np.cos(x)))


def _kernel_weights(bandwidth: np.ndarray, lags: int) -> np.ndarray:
    # A zero bandwidth leaves only the variance, an infinite one gives every lag its
    # full weight.
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
    long_run = np.einsum("bt,bt->b", used, used) + 2 * np.einsum(
        "bj,bj->b", weights, _autocovariances(used)
    )
    return np.asarray(
        np.maximum(long_run, 0.0) / (centred @ centred) ** 2 * n / (n - 2)
    )


def _ar1(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    before = scores[:, :-1] - scores[:, :-1].mean(axis=1, keepdims=True)
    after = scores[:, 1:] - scores[:, 1:].mean(axis=1, keepdims=True)
    a = ratio_or_nan(
        np.einsum("bt,bt->b", before, after), np.einsum("bt,bt->b", before, before)
    )
    errors = after - a[:, None] * before
    return a, np.mean(errors**2, axis=1)


VARIANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "fqsb": _fqsb,
    "aqsb": _aqsb,
}


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
            f"{len(e)} units at {e.shape[1]} dates, cross-section dependence needs 3"
            f" and {FEWEST_DATES}"
        )
    z = e - e.mean(axis=1, keepdims=True)
    norm = np.sqrt((z**2).sum(axis=1, keepdims=True))
    if (norm <= CONSTANT * np.abs(e).max()).any():
        raise NumericsError("a unit does not vary over time")
    return np.asarray((z / norm) @ (z / norm).T)


class DependenceTest(NamedTuple):
    """A statistic that is standard normal when units are at most weakly dependent."""

    statistic: float  # value and two-sided p-value
    p_value: float


def cd_test(e: np.ndarray) -> DependenceTest:
    """Test whether the average correlation between units is zero (Pesaran's CD); e (N,
    T).
    """
    rho = pair_correlations(e)
    return _normal(float(_cd(rho, e.shape[1], np.ones((1, len(rho))))[0]))


def weighted_cd_test(
    e: np.ndarray, rng: np.random.Generator, draws: int = WEIGHT_DRAWS
) -> DependenceTest:
    """Return the weighted CD of Juodis and Reese, which survives the removal of date
    effects; e (N, T).
    """
    return _normal(_weighted(pair_correlations(e), e.shape[1], rng, draws))


def enhanced_cd_test(
    e: np.ndarray, rng: np.random.Generator, draws: int = WEIGHT_DRAWS
) -> DependenceTest:
    """Return CDw+: the weighted CD plus the correlations that are too large to be
    chance; e (N, T).
    """
    rho = pair_correlations(e)
    size = np.abs(rho[np.triu_indices(len(rho), 1)])
    large = float(size[size > 2 * np.sqrt(np.log(len(rho)) / e.shape[1])].sum())
    return _normal(_weighted(rho, e.shape[1], rng, draws) + large)


def _cd(rho: np.ndarray, dates: int, signs: np.ndarray) -> np.ndarray:
    n = len(rho)
    pairs = ((signs @ rho * signs).sum(axis=1) - np.trace(rho)) / 2
    return np.asarray(np.sqrt(2 * dates / (n * (n - 1))) * pairs)


def _weighted(
    rho: np.ndarray, dates: int, rng: np.random.Generator, draws: int
) -> float:
    signs = rng.integers(0, 2, (draws, len(rho))) * 2.0 - 1.0
    return float(_cd(rho, dates, signs).sum() / np.sqrt(draws))


def _normal(statistic: float) -> DependenceTest:
    return DependenceTest(statistic, float(2 * ndtr(-abs(statistic))))


def exponent_of_residuals(
    e: np.ndarray, size: float = LOADING_SIZE, tuning: float = 0.5
) -> float:
    """Return the exponent of dependence from the correlations that are significantly
    different from zero; e (N, T).
    """
    rho = np.abs(pair_correlations(e))
    n = len(rho)
    limit = ndtri(1 - size / 2 / (n * (n - 1) / 2) ** tuning) / np.sqrt(e.shape[1])
    kept = np.where(rho > limit, rho, 0.0)
    np.fill_diagonal(kept, 1.0)
    return float(np.log(kept.sum()) / (2 * np.log(n)))


def exponent_of_means(
    x: np.ndarray, size: float = LOADING_SIZE, factors: int = FACTORS
) -> float:
    """Return the exponent of dependence from the variance of the cross-section mean; x
    (N, T).
    """
    pair_correlations(x)
    n, dates = np.asarray(x).shape
    if dates <= factors + 2 or n <= factors:
        raise NumericsError(
            f"{n} units at {dates} dates cannot carry {factors} factors"
        )
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
    """Mark the units whose slope on the mean differs from zero, by Holm's step-down
    order.
    """
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


BOUNDS = {"constant": (-6.19, 2.61), "trend": (-6.42, 1.70)}
CHUNK = 40
SINGULAR = 1e-11


class CipsTest(NamedTuple):
    """CIPS with a p-value simulated for the same number of units and dates."""

    statistic: float  # average of the truncated t-ratios of the units
    t_ratios: np.ndarray  # (N,) truncated t-ratios
    # share of simulated panels with a unit root whose statistic is at least as low
    p_value: float
    critical_value: float  # 5 percent point of the simulated statistics
    lags: int  # lagged differences in each regression


def cadf_ratios(y: np.ndarray, lags: int, terms: str) -> np.ndarray:
    """Return the t-ratio of the lagged level in every unit's augmented regression; y
    (..., N, T) -> (..., N).

    Notes
    -----
    d y_it = a_i (+ g_i t) + b_i y_i,t-1 + c_i ybar_t-1 + sum_{j=0..p} d_ij d ybar_t-j +
    sum_{j=1..p} f_ij d y_i,t-j + e_it (Pesaran 2007).
    """
    if terms not in BOUNDS:
        raise NumericsError(
            f"deterministic terms must be constant or trend, not {terms!r}"
        )
    y = np.asarray(y, dtype=float)
    kept = y.shape[-1] - 1 - lags
    common = _common_columns(y.mean(axis=-2), lags, terms)
    if kept <= common.shape[-1] + 1 + lags:
        raise NumericsError(
            f"{y.shape[-1]} dates are too few for {lags} lags in a unit root regression"
        )
    change = np.diff(y, axis=-1)
    level = y[..., lags:-1]
    own = [change[..., lags - j : change.shape[-1] - j] for j in range(1, lags + 1)]
    basis = np.linalg.qr(common)[0]
    columns = [_off(column, basis) for column in (change[..., lags:], level, *own)]
    return _last_ratio(
        columns[0], columns[2:], columns[1], kept - common.shape[-1] - 1 - lags
    )


def _common_columns(mean: np.ndarray, lags: int, terms: str) -> np.ndarray:
    """Return constant (and trend), the lagged mean and the differences of the mean,
    shape (..., T', K).
    """
    change = np.diff(mean, axis=-1)
    kept = mean.shape[-1] - 1 - lags
    ones = np.ones((*mean.shape[:-1], kept))
    time = ones * (np.arange(kept) - (kept - 1) / 2)
    moves = [change[..., lags - j : change.shape[-1] - j] for j in range(lags + 1)]
    level = mean[..., lags:-1]
    parts = [
        ones,
        *([time] if terms == "trend" else []),
        level - level.mean(axis=-1, keepdims=True),
        *moves,
    ]
    columns = np.stack(parts, axis=-1)
    norm = np.sqrt((columns**2).sum(axis=-2, keepdims=True))
    return np.asarray(columns / np.where(norm > 0, norm, 1.0))


def _off(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return values (..., N, T') less their projection on common columns (..., T', K)."""
    return np.asarray(values - (values @ basis) @ np.swapaxes(basis, -1, -2))


def _last_ratio(
    outcome: np.ndarray, others: list[np.ndarray], level: np.ndarray, df: int
) -> np.ndarray:
    while others:
        norm = np.sqrt((others[0] ** 2).sum(axis=-1, keepdims=True))
        unit = others[0] / np.where(norm > 0, norm, 1.0)
        left = [
            v - (v * unit).sum(axis=-1, keepdims=True) * unit
            for v in (outcome, level, *others[1:])
        ]
        outcome = left[0]
        level = left[1]
        others = left[2:]
    squares = (level**2).sum(axis=-1)
    if (squares <= SINGULAR**2 * max(float((level**2).max(initial=0.0)), 1.0)).any():
        raise NumericsError("a unit moves exactly with the cross-section mean")
    slope = (outcome * level).sum(axis=-1) / squares
    residual = outcome - slope[..., None] * level
    error = np.sqrt((residual**2).sum(axis=-1) / df / squares)
    return np.asarray(slope / np.maximum(error, np.finfo(float).tiny))


def cips_null(
    shape: tuple[int, int], lags: int, terms: str, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Draw CIPS of panels of independent random walks; shape (draws,)."""
    out = []
    for first in range(0, draws, CHUNK):
        walks = np.cumsum(
            rng.standard_normal((min(CHUNK, draws - first), *shape)), axis=-1
        )
        out.append(_truncated(cadf_ratios(walks, lags, terms), terms).mean(axis=-1))
    return np.sort(np.concatenate(out))


def cips_test(
    y: np.ndarray, lags: int, terms: str, rng: np.random.Generator, draws: int
) -> CipsTest:
    """Test the hypothesis that every unit has a unit root, allowing for a common
    factor; y (N, T).

    Notes
    -----
    Pesaran (2007), truncated form; the null distribution is simulated at the same N, T,
    lags and terms instead of interpolated from his tables.
    """
    y = np.asarray(y, dtype=float)
    if len(y) < 3:
        raise NumericsError(f"{len(y)} units, CIPS needs at least 3")
    ratios = _truncated(cadf_ratios(y, lags, terms), terms)
    statistic = float(ratios.mean())
    null = cips_null((len(y), y.shape[1]), lags, terms, rng, draws)
    p_value = (1 + int((null <= statistic).sum())) / (1 + draws)
    return CipsTest(statistic, ratios, p_value, float(np.quantile(null, 0.05)), lags)


def _truncated(ratios: np.ndarray, terms: str) -> np.ndarray:
    low, high = BOUNDS[terms]
    return np.asarray(np.clip(ratios, low, high))
