"""Spatial association of many maps at once: Moran, Geary, local Moran, bivariate Moran and false discovery rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

CHUNK = 250
TIE = 1e-12
QUADRANTS = ("HH", "LH", "LL", "HL")


@dataclass(frozen=True)
class MapTests:
    """One statistic for each of T maps, with permutations shared by all of them."""

    statistic: np.ndarray
    mean: np.ndarray
    std_error: np.ndarray
    p_value: np.ndarray
    p_joint: np.ndarray
    sup_t: float  # the multiple of ``std_error`` that all maps stay within with the given probability


def map_statistics(e: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Moran's I and Geary's C of maps that already have mean zero; e (..., N, T), W (N, N) -> (..., T).

    Notes
    -----
    Cliff and Ord (1981). sum_ij w_ij (e_i - e_j)^2 = sum_i (w_i. + w_.i) e_i^2 - 2 e'We.
    """
    total, n = float(W.sum()), e.shape[-2]
    squares = (e**2).sum(axis=-2)
    product = (e * (W @ e)).sum(axis=-2)
    spread = ((W.sum(axis=0) + W.sum(axis=1))[:, None] * e**2).sum(axis=-2) - 2 * product
    return n / total * product / squares, (n - 1) / (2 * total) * spread / squares


def map_tests(
    values: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int, level: float = 0.95,
    X: np.ndarray | None = None,
) -> tuple[MapTests, MapTests]:  # fmt: skip
    """Test Moran's I and Geary's C of several maps by moving whole units over the map.

    Notes
    -----
    One permutation of the units serves all maps, which keeps the dependence between them; the adjusted p-value is
    Westfall and Young's (1993) single step on |z|. With regressors, permuted residuals are regressed on X again
    (Freedman and Lane 1983). Two-sided p = min(1, 2 min(p_low, p_high)).
    """
    basis = _bases(values, X)
    e = _projected(np.asarray(values, dtype=float), basis)
    if W.sum() <= 0:
        raise NumericsError("the spatial weights hold no link")
    if ((e**2).sum(axis=0) <= TIE**2 * (np.asarray(values, dtype=float) ** 2).sum(axis=0)).any():
        raise NumericsError("the values of a map are constant")
    drawn = [map_statistics(moved, W) for moved in _moved_maps(e, basis, X, rng, permutations)]
    observed = map_statistics(e, W)
    moran, geary = (np.concatenate([pair[k] for pair in drawn]) for k in (0, 1))
    return _map_tests(observed[0], moran, level), _map_tests(observed[1], geary, level)


def _bases(values: np.ndarray, X: np.ndarray | None) -> np.ndarray:
    """Return orthonormal columns that span the regressors, shape (1 or T, N, K)."""
    X = np.ones((len(values), 1)) if X is None else np.asarray(X, dtype=float)
    X = X[None] if X.ndim == 2 else X
    if X.shape[1] <= X.shape[2]:
        raise NumericsError(f"{X.shape[1]} units leave no residual after {X.shape[2]} coefficients")
    return np.asarray(np.linalg.qr(X / np.sqrt((X**2).sum(axis=1, keepdims=True)))[0])


def _projected(e: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return e (..., N, T) less its projections on the basis of its map."""
    maps = np.moveaxis(e, -1, -2)[..., None]
    fitted = basis @ (np.swapaxes(basis, -1, -2) @ maps)
    return np.asarray(np.moveaxis((maps - fitted)[..., 0], -1, -2))


def _moved_maps(
    e: np.ndarray, basis: np.ndarray, X: np.ndarray | None, rng: np.random.Generator, permutations: int
) -> Iterator[np.ndarray]:
    for first in range(0, permutations, CHUNK):
        order = np.argsort(rng.random((min(CHUNK, permutations - first), len(e))), axis=1, kind="stable")
        yield e[order] if X is None else _projected(e[order], basis)


def _map_tests(observed: np.ndarray, drawn: np.ndarray, level: float) -> MapTests:
    mean, spread = drawn.mean(axis=0), drawn.std(axis=0, ddof=1)
    if not (spread > TIE).all():
        raise NumericsError("moving the units over the map changes nothing")
    low, high = (drawn <= observed + TIE).sum(axis=0), (drawn >= observed - TIE).sum(axis=0)
    p_value = np.minimum(1.0, 2 * (1 + np.minimum(low, high)) / (1 + len(drawn)))
    largest = np.abs((drawn - mean) / spread).max(axis=1)
    z = np.abs((observed - mean) / spread)
    p_joint = (1 + (largest[:, None] >= z - TIE).sum(axis=0)) / (1 + len(drawn))
    return MapTests(observed, mean, spread, p_value, p_joint, float(np.quantile(largest, level, method="higher")))


@dataclass(frozen=True)
class LocalTests:
    """Local Moran of every unit on every map."""

    statistic: np.ndarray  # (N, T) local Moran and its conditional two-sided permutation p-value
    p_value: np.ndarray
    q_value: np.ndarray  # (N, T) benjamini-Hochberg adjusted within each map
    quadrant: np.ndarray  # (N, T) HH, LH, LL or HL


def local_moran_tests(values: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int) -> LocalTests:
    """Test the local Moran of every unit, holding its own value fixed and moving the others.

    Notes
    -----
    Anselin (1995); false discovery rate over the units of a map as in de Castro and Singer (2006).
    """
    values = np.asarray(values, dtype=float)
    z = values - values.mean(axis=0)
    squares = (z**2).sum(axis=0)
    if len(z) < 3 or (squares <= TIE**2 * (values**2).sum(axis=0)).any():
        raise NumericsError("a local Moran needs three units and values that vary")
    lag = W @ z
    widest = int((W != 0).sum(axis=1).max(initial=0))
    order = np.argsort(rng.random((permutations, len(z) - 1)), axis=1, kind="stable")[:, :widest]
    p_value = np.array([_local_p(i, z, W[i], lag[i], order) for i in range(len(z))])
    quadrant = np.array(QUADRANTS, dtype=object)[np.where(z > 0, np.where(lag > 0, 0, 3), np.where(lag > 0, 1, 2))]
    quadrant[W.sum(axis=1) == 0] = ""
    q_value = np.column_stack([benjamini_hochberg(column) for column in p_value.T])
    return LocalTests((len(z) - 1) * z * lag / squares, p_value, q_value, quadrant)


def _local_p(i: int, z: np.ndarray, weights: np.ndarray, observed: np.ndarray, order: np.ndarray) -> np.ndarray:
    linked = np.flatnonzero(weights)
    if not len(linked):
        return np.ones(z.shape[1])
    others = np.delete(z, i, axis=0)
    drawn = sum(weights[unit] * others[order[:, k]] for k, unit in enumerate(linked))
    edge = TIE * np.abs(z).max(axis=0)
    low, high = (drawn <= observed + edge).sum(axis=0), (drawn >= observed - edge).sum(axis=0)
    return np.asarray(np.minimum(1.0, 2 * (1 + np.minimum(low, high)) / (1 + len(order))))


def benjamini_hochberg(p_value: np.ndarray) -> np.ndarray:
    """Return the smallest false discovery rate at which each test is rejected; p_value (N,) -> (N,)."""
    order = np.argsort(p_value, kind="stable")
    ranked = p_value[order] * len(p_value) / np.arange(1, len(p_value) + 1)
    out = np.empty(len(p_value))
    out[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return out
