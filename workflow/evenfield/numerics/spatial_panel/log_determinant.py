"""The log-determinant ln|I - rho W| of spatial weights, with two derivatives.

Every likelihood of a spatial model holds it. Up to 500 units it is a sum over
eigenvalues, above that a series through exact values; both are built once for weights.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.polynomial import chebyshev
from scipy.fft import dct
from scipy.linalg import eigvals
from scipy.sparse import csc_matrix, csr_array, eye
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import splu

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial import LARGEST_FOR_EIGENVALUES

NODES = 64
BALANCED = 1e-12
UNIT_ROOT = 1e-12
# atanh(rho) is covered up to +-3.8: rho times the largest eigenvalue up to .999
REACH = 3.8


class LogDeterminant(Protocol):
    """What an estimator asks of ln|I - rho W|; every method is vectorised over rho."""

    @property
    def domain(self) -> tuple[float, float]:
        """Open interval of rho around zero in which I - rho W stays invertible."""

    def value(self, rho: Array) -> Array:
        """ln|I - rho W|."""

    def slope(self, rho: Array) -> Array:
        """First derivative, -tr[W (I - rho W)^-1]."""

    def curvature(self, rho: Array) -> Array:
        """Second derivative, -tr[(W (I - rho W)^-1)^2]."""


class EigenLogDeterminant(NamedTuple):
    """Log-determinant as a sum over the eigenvalues of W (Ord 1975): exact."""

    roots: Array  # (N,) eigenvalues, real or complex

    @property
    def domain(self) -> tuple[float, float]:
        """Reciprocals of the smallest and the largest real part of an eigenvalue."""
        # ASSUME: a complex eigenvalue bounds rho by its real part, though I - rho W is
        # singular at real ones only.
        real = self.roots.real
        return 1.0 / float(real.min()), 1.0 / float(real.max())

    def value(self, rho: Array) -> Array:
        """ln|I - rho W| = sum_i ln|1 - rho w_i|."""
        moduli = np.abs(self._factors(rho))
        return np.asarray(np.log(moduli).sum(axis=-1))

    def slope(self, rho: Array) -> Array:
        """First derivative, -sum_i w_i / (1 - rho w_i)."""
        factors = self._factors(rho)
        shares = np.divide(self.roots, factors, out=factors)
        return np.asarray(-shares.real.sum(axis=-1))

    def curvature(self, rho: Array) -> Array:
        """Second derivative, -sum_i (w_i / (1 - rho w_i))^2."""
        shares = self.roots / self._factors(rho)
        return np.asarray(-(shares**2).real.sum(axis=-1))

    def _factors(self, rho: Array) -> Array:
        factors = np.asarray(rho)[..., None] * self.roots
        return np.subtract(1.0, factors, out=factors)


class ChebyshevLogDeterminant(NamedTuple):
    """Log-determinant as a Chebyshev series in atanh(rho), from exact sparse LU
    factorisations at its nodes.

    Notes
    -----
    In rho the function has singularities at +-1, where a polynomial converges slowly.
    With z = atanh(rho) every singularity 1/w, w an eigenvalue in (-1, 1), moves to
    imaginary part pi/2, whatever N is, so that the error falls by the same factor,
    about 1.5, with every node.
    """

    series: Array  # (NODES,) coefficients in x = atanh(rho * scale) / REACH
    scale: float  # largest eigenvalue of W; 1 for row-standardised W

    @property
    def domain(self) -> tuple[float, float]:
        """The interval that the series covers."""
        edge = float(np.tanh(REACH) / self.scale)
        return -edge, edge

    def value(self, rho: Array) -> Array:
        """ln|I - rho W|."""
        return np.asarray(chebyshev.chebval(self._x(rho), self.series))

    def slope(self, rho: Array) -> Array:
        """First derivative in rho, by the chain rule."""
        by_x = chebyshev.chebval(self._x(rho), chebyshev.chebder(self.series))
        return np.asarray(by_x * self._dx(rho))

    def curvature(self, rho: Array) -> Array:
        """Second derivative in rho, by the chain rule."""
        x = self._x(rho)
        dx = self._dx(rho)
        scaled = np.asarray(rho) * self.scale
        bend = 2.0 * scaled * self.scale / (1.0 - scaled**2) * dx
        by_x = chebyshev.chebval(x, chebyshev.chebder(self.series))
        by_xx = chebyshev.chebval(x, chebyshev.chebder(self.series, 2))
        return np.asarray(by_xx * dx**2 + by_x * bend)

    def _x(self, rho: Array) -> Array:
        return np.asarray(np.arctanh(np.asarray(rho) * self.scale) / REACH)

    def _dx(self, rho: Array) -> Array:
        scaled = np.asarray(rho) * self.scale
        return self.scale / (1.0 - scaled**2) / REACH


def log_determinant(matrix: csr_array, largest: float) -> LogDeterminant:
    """Choose and build the log-determinant of a weights matrix; matrix (N, N)."""
    if matrix.shape[0] <= LARGEST_FOR_EIGENVALUES:
        roots = eigenvalues(matrix)
        # The root that is one in theory takes out ln(1 - rho) exactly, however near rho
        # is to one.
        roots[np.abs(roots - 1.0) < UNIT_ROOT] = 1.0
        return EigenLogDeterminant(roots)
    return ChebyshevLogDeterminant(chebyshev_series(matrix, largest), largest)


def eigenvalues(matrix: csr_array) -> np.ndarray:
    """Return the eigenvalues of W, from a symmetric matrix of the same eigenvalues
    where there is one.
    """
    dense = matrix.toarray()
    balance = _symmetrising_balance(matrix, dense)
    if balance is None:
        return eigvals(dense)
    root = np.sqrt(balance)
    # Only one triangle is read, so that rounding cannot make it other than symmetric.
    return np.linalg.eigvalsh(dense * np.outer(root, 1.0 / root))


def _symmetrising_balance(matrix: csr_array, weights: Array) -> Array | None:
    """Return d > 0 with d_i w_ij = d_j w_ji, following a tree from unit to unit; None
    where there is no such d.
    """
    balance = np.zeros(matrix.shape[0])
    # Most weights are a symmetric 0/1 matrix divided by its row sums: then 1/w is the
    # balance, and no tree is needed.
    guess = np.asarray(1.0 / weights.max(axis=1))
    if _balanced(matrix, guess):
        return guess
    for start in range(len(balance)):
        if balance[start]:
            continue
        balance[start] = 1.0
        order, parents = breadth_first_order(matrix, start, directed=True)
        for unit in order[1:]:
            parent = parents[unit]
            if not weights[unit, parent]:
                return None
            there = weights[parent, unit]
            balance[unit] = balance[parent] * there / weights[unit, parent]
    return balance if _balanced(matrix, balance) else None


def _balanced(matrix: csr_array, balance: Array) -> bool:
    scaled = matrix.data * np.repeat(balance, np.diff(matrix.indptr))
    flows = csr_array((scaled, matrix.indices, matrix.indptr), shape=matrix.shape)
    gap = flows - flows.T  # zero where the flow from i to j is that from j to i
    return bool(np.abs(gap.data).max(initial=0.0) < BALANCED * scaled.max())


def chebyshev_nodes(count: int) -> Array:
    """Return the points of [-1, 1] at which a series is pinned down; shape (count,)."""
    return np.cos(np.pi * (np.arange(count) + 0.5) / count)


def chebyshev_coefficients(values: Array) -> Array:
    """Interpolate values at the nodes, one a row, by a Chebyshev series."""
    # At these nodes interpolation is a discrete cosine transform.
    series = dct(values, type=2, axis=0) / len(values)
    series[0] /= 2
    return np.asarray(series)


def chebyshev_series(matrix: csr_array, largest: float) -> Array:
    """Interpolate ln|I - rho W| in atanh(rho) by exact values at Chebyshev nodes;
    matrix (N, N) -> (NODES,).
    """
    rhos = np.tanh(REACH * chebyshev_nodes(NODES)) / largest
    ordered = _fill_reducing_order(matrix)
    return chebyshev_coefficients(
        np.array([_log_abs_det(ordered, rho) for rho in rhos])
    )


def _fill_reducing_order(matrix: csr_array) -> csc_matrix:
    """Order the units once so that every factorisation fills in little."""
    damped = 0.5 * csc_matrix(matrix) / abs(matrix).sum(axis=1).max()
    shifted = csc_matrix(eye(matrix.shape[0], format="csc") - damped)
    factor = splu(
        shifted,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    order = np.argsort(factor.perm_c)
    return csc_matrix(csc_matrix(matrix)[order][:, order])


def _log_abs_det(ordered: csc_matrix, rho: float) -> float:
    shifted = csc_matrix(eye(ordered.shape[0], format="csc") - rho * ordered)
    factor = splu(
        shifted,
        permc_spec="NATURAL",
        diag_pivot_thresh=0.0,
        panel_size=1,
        options={"SymmetricMode": True},
    )
    return float(np.log(np.abs(factor.U.diagonal())).sum())
