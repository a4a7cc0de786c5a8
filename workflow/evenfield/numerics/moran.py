"""Moran's I of a variable or of regression residuals, with moments and a permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

CHUNK = 2000
TIE = 1e-12


@dataclass(frozen=True, slots=True)
class MoranTest:
    """Moran's I with its moments without spatial dependence and a permutation p-value."""

    statistic: float  # moran's I
    mean: float  # its mean and standard deviation under independent normal errors (Cliff and Ord 1981)
    std_error: float
    z: float  # (I - mean) / std_error, for information
    p_value: float  # two-sided permutation p-value
    permutations: int  # draws it rests on


def morans_i(e: np.ndarray, W: np.ndarray) -> float:
    """Return Moran's I of values that already have mean zero; e (N,), W (N, N)."""
    total = float(W.sum())
    if total <= 0:
        raise NumericsError("the spatial weights hold no link")
    squares = float(e @ e)
    if squares == 0:
        raise NumericsError("the values are constant")
    return float(len(e) / total * (e @ W @ e) / squares)


def cliff_ord_moments(W: np.ndarray, X: np.ndarray) -> tuple[float, float]:
    """Return mean and variance of Moran's I of OLS residuals under independent normal errors; W (N, N), X (N, K).

    Notes
    -----
    Cliff and Ord (1981): with M = I - X(X'X)^-1 X', E = (N/S0) tr(MW)/(N-K) and
    E[I^2] = (N/S0)^2 [tr(MWMW') + tr(MWMW) + tr(MW)^2] / ((N-K)(N-K+2)).
    """
    n, k = X.shape
    factor = n / W.sum()
    basis = _basis(X)
    MW = W - basis @ (basis.T @ W)
    MWt = W.T - basis @ (basis.T @ W.T)
    trace, df = float(np.trace(MW)), n - k
    mean = factor * trace / df
    square = (np.sum(MW * MWt.T) + np.sum(MW * MW.T) + trace**2) / (df * (df + 2))
    return float(mean), float(factor**2 * square - mean**2)


def morans_i_test(
    values: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int, X: np.ndarray | None = None
) -> MoranTest:
    """Test Moran's I by permutation, conditional on the observed values; values (N,), W (N, N), X (N, K).

    Notes
    -----
    Residuals are permuted over units and regressed on X again before I is taken (Freedman and Lane 1983), so
    that the draws have the mean of residuals and not -1/(N-1). Two-sided p = min(1, 2 min(p_low, p_high)),
    each tail (1 + number of draws at least as far out) / (1 + draws). A draw without residual counts as a
    tie.
    """
    X = np.ones((len(values), 1)) if X is None else np.asarray(X, dtype=float)
    if len(values) <= X.shape[1]:
        raise NumericsError(f"{len(values)} observations leave no residual after {X.shape[1]} coefficients")
    basis = _basis(X)
    e = np.asarray(values, dtype=float)
    scale = float(e @ e)
    e = e - basis @ (basis.T @ e)
    if e @ e <= TIE**2 * scale:
        raise NumericsError("the values are constant")
    statistic = morans_i(e, W)
    mean, variance = cliff_ord_moments(W, X)
    p_value = _permutation_p(e, W, basis, rng=rng, draws=permutations, observed=statistic)
    std_error = float(np.sqrt(variance)) if variance > 0 else float("nan")
    return MoranTest(statistic, mean, std_error, (statistic - mean) / std_error, p_value, permutations)


def _basis(X: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.qr(X / np.sqrt((X**2).sum(axis=0)))[0])


def _permutation_p(
    e: np.ndarray, W: np.ndarray, basis: np.ndarray, *, rng: np.random.Generator, draws: int, observed: float
) -> float:
    low = high = 0
    for first in range(0, draws, CHUNK):
        order = np.argsort(rng.random((min(CHUNK, draws - first), len(e))), axis=1, kind="stable")
        E = e[order]
        E = E - (E @ basis) @ basis.T
        squares = np.einsum("ij,ij->i", E, E)
        products = len(e) / W.sum() * np.einsum("ij,ij->i", E @ W.T, E)
        drawn = np.divide(products, squares, out=np.full(len(E), observed), where=squares > TIE * (e @ e))
        low += int((drawn <= observed + TIE).sum())
        high += int((drawn >= observed - TIE).sum())
    return min(1.0, 2 * (1 + min(low, high)) / (1 + draws))
