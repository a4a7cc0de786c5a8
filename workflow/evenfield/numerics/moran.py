"""Moran's I of a variable or of regression residuals, with moments and a permutation
test.

Residuals are not exchangeable: they are regressed on X again after each permutation, so
that the draws have the mean and the span of residuals (Freedman and Lane 1983).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, tril, triu

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.permutations import CLOSE, TIE, permuted_orders, two_sided_p
from evenfield.numerics.spatial import Weights, multiplier, sparse

CHUNK = 250  # most permutations at once
BLOCK = 250_000  # numbers at once: they stay in the cache


class MoranTest(NamedTuple):
    """Moran's I with its moments without spatial dependence and a permutation p-value."""

    statistic: float  # Moran's I
    # its mean and standard deviation under independent normal errors (Cliff and Ord
    # 1981)
    mean: float
    std_error: float
    z: float  # (I - mean) / std_error, for information
    p_value: float  # two-sided permutation p-value
    permutations: int  # draws it rests on


class Pairs(NamedTuple):
    """Spatial weights as sums over pairs of units need them."""

    # (N, N): U, the upper triangle of W + W' with W's own diagonal
    weights: Weights
    total: float  # of all weights
    of_unit: Array  # (N,) weights of its row and of its column


def cliff_ord_moments(W: Weights, X: Array) -> tuple[float, float]:
    """Return mean and variance of Moran's I of OLS residuals under independent normal
    errors; W (N, N), X (N, K).

    Notes
    -----
    Cliff and Ord (1981): with M = I - X(X'X)^-1 X' and S0 the sum of all weights,
    E = (N/S0) tr(MW)/(N-K) and
    E[I^2] = (N/S0)^2 [tr(MWMW') + tr(MWMW) + tr(MW)^2] / ((N-K)(N-K+2)).
    """
    n, k = X.shape
    factor = n / W.sum()
    basis = bases(X)[0]
    # With Q the basis and A = Q'WQ:
    # tr(MW)    = tr(W) - tr(A)
    # tr(MWMW') = sum w_ij^2 - |WQ|^2 - |W'Q|^2 + |A|^2
    # tr(MWMW)  = tr(W^2) - 2 tr(Q'W W Q) + tr(A^2)
    WQ = W @ basis
    WtQ = W.T @ basis
    A = basis.T @ WQ
    df = n - k
    trace = float(W.trace() - np.trace(A))
    tr_MWMWt = (W * W).sum() - (WQ**2).sum() - (WtQ**2).sum() + (A**2).sum()
    tr_MWMW = (W * W.T).sum() - 2 * (WtQ * WQ).sum() + (A * A.T).sum()
    mean = factor * trace / df
    square = (tr_MWMWt + tr_MWMW + trace**2) / (df * (df + 2))
    return float(mean), float(factor**2 * square - mean**2)


def morans_i_test(
    values: Array,
    W: Weights,
    rng: np.random.Generator,
    permutations: int,
    X: Array | None = None,
) -> MoranTest:
    """Test Moran's I by permutation, conditional on the observed values; values (N,), W
    (N, N), X (N, K).

    Notes
    -----
    Residuals are permuted over units and regressed on X again before I is taken
    (Freedman and Lane 1983), so that the draws have the mean of residuals and not
    -1/(N-1). Two-sided p = min(1, 2 min(p_low, p_high)), each tail (1 + number of draws
    at least as far out) / (1 + draws). A draw without residual counts as a tie.
    """
    regressed = X is not None
    X = np.ones((len(values), 1)) if X is None else X
    pairs = pairs_of(W)
    basis = bases(X)
    values = np.asarray(values, dtype=float)
    e = projected(values[:, None], basis)
    if pairs.total <= 0:
        raise NumericsError("the spatial weights hold no link")
    squares = float((e**2).sum())
    if squares <= TIE**2 * float(values @ values):
        raise NumericsError("the values are constant")
    statistic = float(_indices(e, pairs)[0])
    mean, variance = cliff_ord_moments(multiplier(W), X)
    drawn = []
    # A constant alone needs no regression of the draws: order leaves the mean as it is.
    for moved in moved_maps(e, basis if regressed else None, rng, permutations):
        drawn.append(_indices(moved, pairs, statistic, TIE * squares))
    std_error = float(np.sqrt(variance)) if variance > 0 else float("nan")
    return MoranTest(
        statistic=statistic,
        mean=mean,
        std_error=std_error,
        z=(statistic - mean) / std_error,
        p_value=float(two_sided_p(np.concatenate(drawn), statistic)[0]),
        permutations=permutations,
    )


def _indices(
    e: Array, pairs: Pairs, otherwise: float = np.nan, least: float = 0.0
) -> Array:
    """Return Moran's I of residuals, e (N, ..., 1), and ``otherwise`` of those whose sum
    of squares is no more than ``least``.
    """
    squares = sums_of_products(e, e)
    products = sums_of_products(e, over_pairs(pairs, e))
    scaled = products * len(e) / pairs.total
    return quotient(scaled, squares, otherwise, squares > least)


def pairs_of(W: Weights) -> Pairs:
    """Return the weights of pairs of units; W (N, N).

    Notes
    -----
    e'We = sum_i w_ii e_i^2 + sum_{i<j} (w_ij + w_ji) e_i e_j, which takes half of the
    products.
    """
    links = sparse(W)
    above = triu(links) + tril(links, -1).T
    return Pairs(
        weights=multiplier(csr_array(above)),
        total=float(W.sum()),
        of_unit=W.sum(axis=0) + W.sum(axis=1),
    )


def over_pairs(pairs: Pairs, e: Array) -> Array:
    """Return Ue, with U the weights of pairs; e (N, ...)."""
    return np.asarray(pairs.weights @ e.reshape(len(e), -1)).reshape(e.shape)


def sums_of_products(a: Array, b: Array) -> Array:
    """Return sums over units of products of two arrays, a, b (N, ...) -> (...)."""
    # In one pass, without an array of all products.
    sums = np.einsum("im,im->m", a.reshape(len(a), -1), b.reshape(len(b), -1))
    return np.asarray(sums.reshape(a.shape[1:]))


def bases(X: Array) -> Array:
    """Return orthonormal columns that span regressors; X (N, K) or (T, N, K) -> (1 or
    T, N, K).
    """
    X = X[None] if X.ndim == 2 else X
    if X.shape[1] <= X.shape[2]:
        raise NumericsError(
            f"{X.shape[1]} units leave no residual after {X.shape[2]} coefficients"
        )
    lengths = np.sqrt((X**2).sum(axis=1, keepdims=True))
    if not lengths.all():
        raise NumericsError("a regressor is zero everywhere on a map")
    basis, triangle = np.linalg.qr(X / lengths)
    # |r_kk| is the length that is left of column k, which had length one, without its
    # projections on the columns before.
    if (np.abs(np.diagonal(triangle, axis1=1, axis2=2)) <= CLOSE).any():
        raise NumericsError("the regressors of a map are collinear")
    return basis


def projected(e: Array, basis: Array) -> Array:
    """Return e (N, ..., T) less its projections on the basis of its map, (1 or T, N,
    K).
    """
    maps = np.moveaxis(e, 0, -1)[..., None]
    fitted = basis @ (basis.mT @ maps)
    return np.asarray(e - np.moveaxis(fitted[..., 0], -1, 0))


def moved_maps(
    e: Array, basis: Array | None, rng: np.random.Generator, permutations: int
) -> Iterator[Array]:
    """Yield residuals with their units moved over the map and, beside more than a
    constant, regressed again; e (N, T) -> (N, draws, T).
    """
    at_once = int(np.clip(BLOCK // e.size, 2, CHUNK))
    for order in permuted_orders(len(e), rng, permutations, at_once):
        # Faster than by brackets where there are many maps.
        moved = e.take(order.T, axis=0)
        # Deviations from the mean stay such in whatever order.
        yield moved if basis is None else projected(moved, basis)
