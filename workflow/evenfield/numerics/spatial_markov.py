"""Do transitions depend on the neighbours' class? Rey's spatial Markov chain, tested by moving trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.markov_homogeneity import homogeneity_df, homogeneity_statistics

BLOCK_CELLS = 120_000
DENSE_UNITS = 200
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class SpatialMarkov:
    """Transitions conditional on the class of the neighbours."""

    counts: np.ndarray  # (m, k, k) neighbours' class, from, to
    q: float  # statistics of the hypothesis that the m chains are one
    lr: float
    df: int  # degrees of freedom over rows that are not empty, for information
    q_p: float  # share of maps with shuffled trajectories whose statistic is at least as large; NaN without draws
    lr_p: float
    draws: int  # permutations


def spatial_markov_test(
    values: np.ndarray,
    classes: np.ndarray,
    W: np.ndarray,
    *,
    k: int,
    m: int,
    rng: np.random.Generator,
    draws: int,
    step: int = 1,
) -> SpatialMarkov:
    """Test whether transitions depend on the neighbours' class; values (N, T), classes (N, T), W (N, N).

    Notes
    -----
    Rey (2001). Classes are not first-order Markov, so the chi-squared p is wrong (more than half of all true
    nulls are rejected); instead whole trajectories change places on the map, the neighbours' averages and their
    quantiles are computed anew, and own classes travel with their trajectory. Exact when trajectories are
    exchangeable.
    """
    _check(values, classes, W, step)
    own = np.ascontiguousarray(classes[:, :-step] * k + classes[:, step:])
    lag = _lag_product(W)
    identity = np.arange(len(values))[None]
    counts = _block_counts(values, own, lag, identity, (m, k, step))[0]
    q, lr = (float(value) for value in homogeneity_statistics(counts.astype(float)))
    above = np.zeros(2, dtype=int)
    block = max(1, BLOCK_CELLS // values.size)
    for first in range(0, draws, block):
        orders = np.argsort(rng.random((min(block, draws - first), len(values))), axis=1, kind="stable")
        drawn = homogeneity_statistics(_block_counts(values, own, lag, orders, (m, k, step)).astype(float))
        above += [int((one >= seen * (1 - TIE)).sum()) for one, seen in zip(drawn, (q, lr), strict=True)]
    p = (1 + above) / (1 + draws) if draws else np.full(2, np.nan)
    return SpatialMarkov(counts, q, lr, homogeneity_df(counts), float(p[0]), float(p[1]), draws)


def neighbour_classes(values: np.ndarray, W: np.ndarray, m: int) -> np.ndarray:
    """Return the class of the neighbours' average; values (N, T), W (N, N) -> (N, T)."""
    return np.asarray(_lag_classes((W @ values)[None], m)[0])


def _check(values: np.ndarray, classes: np.ndarray, W: np.ndarray, step: int) -> None:
    n, T = values.shape
    if classes.shape != values.shape or W.shape != (n, n):
        raise NumericsError(f"{n} units and {T} periods do not fit classes {classes.shape} and weights {W.shape}")
    if not 1 <= step < T:
        raise NumericsError(f"{T} periods hold no transition over {step} periods")
    alone = int((np.asarray(W).sum(axis=1) == 0).sum())
    if alone:
        raise NumericsError(f"{alone} units have no neighbour")


def _lag_product(W: np.ndarray) -> np.ndarray | csr_array:
    return np.asarray(W, dtype=float) if len(W) <= DENSE_UNITS else csr_array(W)


def _block_counts(
    values: np.ndarray, own: np.ndarray, lag: np.ndarray | csr_array, orders: np.ndarray, sizes: tuple[int, int, int]
) -> np.ndarray:
    m, k, step = sizes
    (draws, n), T = orders.shape, values.shape[1]
    lagged = lag @ values[orders.T].reshape(n, draws * T)
    chain = _lag_classes(np.ascontiguousarray(lagged.reshape(n, draws, T).transpose(1, 0, 2)), m)[:, :, :-step]
    codes = own[orders] + np.multiply(chain, k * k, dtype=np.int64)
    codes += (np.arange(draws) * (m * k * k))[:, None, None]
    return np.asarray(np.bincount(codes.ravel(), minlength=draws * m * k * k).reshape(draws, m, k, k))


def _lag_classes(lagged: np.ndarray, m: int) -> np.ndarray:
    cutoffs = _row_quantiles(lagged.reshape(len(lagged), -1), m)
    out = np.zeros(lagged.shape, dtype=np.uint8)
    for j in range(m - 1):
        out += (lagged > cutoffs[:, j, None, None]).view(np.uint8)
    return out


def _row_quantiles(flat: np.ndarray, m: int) -> np.ndarray:
    position = (flat.shape[1] - 1) * np.arange(1, m) / m
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, flat.shape[1] - 1)
    ranked = np.sort(flat, axis=1)  # faster than a partition at many places
    below = ranked[:, low]
    return np.asarray(below + (position - low) * (ranked[:, high] - below))
