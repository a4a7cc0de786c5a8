"""One pass over the rows: everything that cluster-robust inference needs, as one small matrix for each cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit

LEVERAGE_ONE = 1e-10
NOTHING_LEFT = 1e-8
WELL_CONDITIONED = 30.0


@dataclass(frozen=True)
class ClusterProducts:
    """Cross-products of a regression by cluster, in coordinates in which the regressors are orthonormal."""

    names: np.ndarray  # (G,) clusters in sorted order
    M: np.ndarray  # (G, K, K) Q_g'Q_g with X = Q R
    m: np.ndarray  # (G, K) Q_g'y_g; they add up to theta, the coefficients in these coordinates
    d: np.ndarray  # (K,) the combination in these coordinates: c'beta = d'theta
    n: int  # number of rows

    @property
    def G(self) -> int:
        """Number of clusters."""
        return len(self.names)

    @property
    def k(self) -> int:
        """Number of coefficients."""
        return len(self.d)

    @cached_property
    def theta(self) -> np.ndarray:
        """Coefficients in the orthonormal coordinates, shape (K,)."""
        return np.asarray(self.m.sum(axis=0))

    @property
    def estimate(self) -> float:
        """The combination c'beta."""
        return float(self.d @ self.theta)

    @cached_property
    def residual_scores(self) -> np.ndarray:
        """Q_g'u_g, shape (G, K)."""
        return np.asarray(self.m - self.M @ self.theta)

    @cached_property
    def left_out(self) -> np.ndarray:
        """D_g = (I - M_g)^-1 d, shape (G, K): d'theta without cluster g is D_g'(theta - m_g).

        Directions that only cluster g informs and that do not matter to the combination are left out (a unit's own
        dummy, for example).
        """
        sides = np.broadcast_to(self.d[:, None], (self.G, self.k, 1))
        return solve_each_without(self.M, sides, self.names)[:, :, 0]


def cluster_products(fit: OlsFit, c: np.ndarray, clusters: np.ndarray) -> ClusterProducts:
    """Form the cross-products of every cluster in one pass over the rows; c (K,), clusters (N,)."""
    c, clusters = np.asarray(c, dtype=float), np.asarray(clusters)
    if clusters.shape != fit.y.shape:
        raise NumericsError(f"{clusters.size} cluster labels do not fit {fit.y.size} observations")
    if c.shape != fit.beta.shape or not c.any():
        raise NumericsError(f"the combination needs {fit.beta.size} weights, not all zero; it has {c.size}")
    names, owner = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        raise NumericsError("inference by cluster needs at least two clusters")
    order = np.argsort(owner, kind="stable")
    scale = np.sqrt(np.einsum("nk,nk->k", fit.X, fit.X))
    Q, R = _orthonormal(fit.X[order] / scale)
    cuts = np.searchsorted(owner[order], np.arange(1, len(names)))
    blocks = list(zip(np.split(Q, cuts), np.split(fit.y[order], cuts), strict=True))
    M, m = np.array([q.T @ q for q, _ in blocks]), np.array([q.T @ y for q, y in blocks])
    return ClusterProducts(names, M, m, np.linalg.solve(R.T, c / scale), len(order))


def _orthonormal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Q and R of X = Q R: through the Gram matrix where that costs no digits, else by Householder."""
    try:
        R = np.linalg.cholesky(X.T @ X).T
    except np.linalg.LinAlgError:
        return np.linalg.qr(X)
    if np.linalg.cond(R) > WELL_CONDITIONED:
        return np.linalg.qr(X)
    return X @ np.linalg.inv(R), R


def solve_each_without(M: np.ndarray, sides: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Solve (I - M_g) x_g = d_g for every cluster, all at once where that is safe."""
    gaps = np.eye(M.shape[1]) - M
    try:
        roots = np.linalg.cholesky(gaps)
        safe = np.diagonal(roots, axis1=1, axis2=2).min() ** 2 > NOTHING_LEFT
    except np.linalg.LinAlgError:
        safe = False
    if safe:
        return np.asarray(np.linalg.solve(gaps, sides))
    return np.array([solve_without(*each) for each in zip(M, sides, names, strict=True)])


def solve_without(M_g: np.ndarray, d: np.ndarray, name: object) -> np.ndarray:
    """Solve (I - M_g) x = d, ignoring directions that only cluster g informs when d does not need them."""
    values, vectors = np.linalg.eigh(np.eye(len(M_g)) - M_g)
    parts, lost = vectors.T @ d, values < LEVERAGE_ONE
    if lost.any() and np.abs(parts[lost]).max() > NOTHING_LEFT * np.abs(parts).max():
        raise NumericsError(f"cluster {name} alone determines the combination (leverage 1)")
    return np.asarray(vectors[:, ~lost] @ (parts[~lost].T / values[~lost]).T)
