"""Small panels with known parameters."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, kron

from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays

NAMES = ("a", "b")


@dataclass(frozen=True)
class Case:
    y: np.ndarray
    X: np.ndarray
    units: list
    matrix: np.ndarray

    @property
    def panel(self):
        return panel_from_arrays(self.y, self.X, self.units, NAMES)

    @property
    def network(self):
        return network(self.units, self.matrix)

    def fit(self, *model, **options):
        """Fit a model of this name, with these effects and approach."""
        return fit_spatial_panel(
            self.panel, self.network, PanelModel(*model, **options)
        )

    @property
    def lagged(self):
        """W X, shape (T, N, K)."""
        return np.einsum("ij,tjk->tik", self.matrix, self.X)

    def orthonormal(self, effects):
        """Weights, outcome and regressors without these effects, (N*, N*) and (N*, T*)."""
        t, n = self.y.shape
        FT = complement(t) if effects in ("unit", "two_way") else np.eye(t)
        FN = complement(n) if effects in ("time", "two_way") else np.eye(n)
        Xs = [FN.T @ self.X[..., k].T @ FT for k in range(2)]
        return FN.T @ self.matrix @ FN, FN.T @ self.y.T @ FT, Xs


def complement(size):
    """Orthonormal vectors beside the constant one, shape (size, size - 1)."""
    return np.linalg.svd(np.eye(size) - 1.0 / size)[0][:, : size - 1]


def residual(y, X):
    """What least squares of y on X leaves."""
    return y - X @ np.linalg.lstsq(X, y, rcond=None)[0]


def log_det(W, rho):
    """log |I - rho W| from a dense matrix."""
    return np.linalg.slogdet(np.eye(len(W)) - rho * W)[1]


def dense_log_likelihood(y, mean, W, *, sigma2, rho=0.0, lam=0.0, phi=0.0):
    """Gaussian log-likelihood of y = rho W y + mean + units + (I - lam W)^-1 e from the
    covariance of all observations; y and mean (T, N), phi the variance of units over
    that of e.
    """
    t, n = y.shape
    B = np.eye(n) - lam * W
    shocks = np.kron(np.eye(t), np.linalg.inv(B.T @ B))
    units = np.kron(np.ones((t, t)), phi * np.eye(n))
    V = 2 * np.pi * sigma2 * (shocks + units)
    e = (y - rho * y @ W.T - mean).ravel()
    squares = 2 * np.pi * e @ np.linalg.solve(V, e)
    return t * log_det(W, rho) - (np.linalg.slogdet(V)[1] + squares) / 2


def mean_effects(M):
    """Direct, indirect and total effect of a matrix of multipliers."""
    direct = np.trace(M) / len(M)
    total = M.sum() / len(M)
    return [direct, total - direct, total]


def ring(n, ahead=2):
    """Each unit and the next ones on a ring, weights falling with distance and a little
    uneven: not symmetric.
    """
    matrix = np.zeros((n, n))
    for step in range(1, ahead + 1):
        for i in range(n):
            matrix[i, (i + step) % n] = 1.0 / step
            matrix[i, (i - step) % n] = (1.0 + 0.1 * (i % 3)) / step
    return matrix / matrix.sum(axis=1, keepdims=True)


def circle(n):
    """Two neighbours of each unit, one at each side, shape (n, n)."""
    ahead = np.roll(np.eye(n), 1, axis=1)
    return (ahead + ahead.T) / 2


def contiguity_line(n):
    matrix = np.eye(n, k=1) + np.eye(n, k=-1)
    return matrix / matrix.sum(axis=1, keepdims=True)


def lattice(rows, columns):
    def line(size):
        return diags_array(
            [np.ones(size - 1), np.ones(size - 1)], offsets=[-1, 1]
        ) + eye_array(size)

    links = csr_array(kron(line(rows), line(columns)) - eye_array(rows * columns))
    links.eliminate_zeros()
    return csr_array(diags_array(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)


def make_case(n=12, t=8, rho=0.4, lam=0.0, theta=(0.3, -0.2), seed=3, matrix=None):
    rng = np.random.default_rng(seed)
    W = ring(n) if matrix is None else matrix
    X = rng.normal(size=(t, n, 2))
    levels = 0.2 * rng.normal(size=n)[None, :] + rng.normal(size=t)[:, None]
    noise = np.linalg.solve(np.eye(n) - lam * W, 0.5 * rng.normal(size=(n, t))).T
    signal = (
        X @ np.array([1.0, -0.5])
        + np.einsum("ij,tjk,k->ti", W, X, theta)
        + levels
        + noise
    )
    y = np.linalg.solve(np.eye(n) - rho * W, signal.T).T
    return Case(y, X, [f"u{i:02d}" for i in range(n)], W)
