"""Spatial weights with their log-determinant, made once and reused by every model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.polynomial import chebyshev
from scipy.fft import dct
from scipy.linalg import eigvals
from scipy.sparse import csc_array, csc_matrix, csr_array, eye, eye_array
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import SuperLU, splu

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial import LARGEST_FOR_EIGENVALUES, Weights, multiplier

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
        low = float(self.roots.real.min())
        high = float(self.roots.real.max())
        return 1.0 / low, 1.0 / high

    def value(self, rho: Array) -> Array:
        """ln|I - rho W| = sum_i ln|1 - rho w_i|."""
        return np.asarray(np.log(np.abs(self._factors(rho))).sum(axis=-1))

    def slope(self, rho: Array) -> Array:
        """First derivative, -sum_i w_i / (1 - rho w_i)."""
        factors = self._factors(rho)
        return np.asarray(
            -np.divide(self.roots, factors, out=factors).real.sum(axis=-1)
        )

    def curvature(self, rho: Array) -> Array:
        """Second derivative, -sum_i (w_i / (1 - rho w_i))^2."""
        return np.asarray(-((self.roots / self._factors(rho)) ** 2).real.sum(axis=-1))

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
        return chebyshev.chebval(
            self._x(rho), chebyshev.chebder(self.series)
        ) * self._dx(rho)

    def curvature(self, rho: Array) -> Array:
        """Second derivative in rho, by the chain rule."""
        x = self._x(rho)
        dx = self._dx(rho)
        scaled = np.asarray(rho) * self.scale
        bend = 2.0 * scaled * self.scale / (1.0 - scaled**2) * dx
        first = chebyshev.chebder(self.series)
        second = chebyshev.chebder(self.series, 2)
        return chebyshev.chebval(x, second) * dx**2 + chebyshev.chebval(x, first) * bend

    def _x(self, rho: Array) -> Array:
        return np.arctanh(np.asarray(rho) * self.scale) / REACH

    def _dx(self, rho: Array) -> Array:
        return self.scale / (1.0 - (np.asarray(rho) * self.scale) ** 2) / REACH


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
            if not weights[unit, parents[unit]]:
                return None
            balance[unit] = (
                balance[parents[unit]]
                * weights[parents[unit], unit]
                / weights[unit, parents[unit]]
            )
    return balance if _balanced(matrix, balance) else None


def _balanced(matrix: csr_array, balance: Array) -> bool:
    scaled = matrix.data * np.repeat(balance, np.diff(matrix.indptr))
    flows = csr_array((scaled, matrix.indices, matrix.indptr), shape=matrix.shape)
    gap = flows - flows.T
    return bool(np.abs(gap.data).max(initial=0.0) < BALANCED * scaled.max())


def chebyshev_series(matrix: csr_array, largest: float) -> Array:
    """Interpolate ln|I - rho W| in atanh(rho) by exact values at Chebyshev nodes;
    matrix (N, N) -> (NODES,).
    """
    nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    rhos = np.tanh(REACH * nodes) / largest
    ordered = _fill_reducing_order(matrix)
    series = dct(np.array([_log_abs_det(ordered, rho) for rho in rhos]), type=2) / NODES
    series[0] /= 2
    return series


def _fill_reducing_order(matrix: csr_array) -> csc_matrix:
    """Order the units once so that every factorisation fills in little."""
    shifted = csc_matrix(
        eye(matrix.shape[0], format="csc")
        - 0.5 * csc_matrix(matrix) / abs(matrix).sum(axis=1).max()
    )
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


ROW_SUM = 1e-9
POWER_STEPS = 10_000
POWER_TOLERANCE = 1e-14


@dataclass(frozen=True)
class Network:
    """Spatial weights with their units; the log-determinant is built on first use and
    stored.
    """

    units: tuple[str, ...]  # unit ids, one per row and column
    matrix: csr_array  # (N, N) non-negative weights, zero diagonal, no empty row

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.units)

    @cached_property
    def row_standardised(self) -> bool:
        """Whether every row sums to one."""
        return bool(np.abs(self.matrix.sum(axis=1) - 1.0).max() < ROW_SUM)

    @cached_property
    def largest_eigenvalue(self) -> float:
        """Perron root of the weights; 1 for row-standardised weights."""
        return 1.0 if self.row_standardised else _perron_root(self.matrix)

    @cached_property
    def logdet(self) -> LogDeterminant:
        """ln|I - rho W| and its derivatives."""
        return log_determinant(self.matrix, self.largest_eigenvalue)

    @cached_property
    def _multiplier(self) -> Weights:
        return multiplier(self.matrix)

    @cached_property
    def roots(self) -> Array:
        """Eigenvalues of the weights, shape (N,)."""
        return eigenvalues(self.matrix)

    def solve(self, parameter: Array | float, sides: Array) -> np.ndarray:
        """Return (I - d W)^-1 times some columns, for one d or for each of several;
        sides (N, k) -> (..., N, k).
        """
        W = self._multiplier
        d = np.asarray(parameter)
        if not d.any():
            return sides
        if isinstance(W, np.ndarray):
            return np.linalg.solve(np.eye(self.n) - d[..., None, None] * W, sides)
        return np.asarray([self.factor(one).solve(sides) for one in d.ravel()]).reshape(
            *d.shape, *sides.shape
        )

    def lag(self, values: Array) -> Array:
        """Return W applied to the first axis; values (N, ...) -> (N, ...)."""
        return np.asarray(self._multiplier @ values.reshape(self.n, -1)).reshape(
            values.shape
        )

    def factor(self, rho: float) -> SuperLU:
        """Factor I - rho W for solves."""
        return splu(
            csc_array(eye_array(self.n, format="csc") - rho * csc_array(self.matrix))
        )

    def total_multipliers(self, rho: float) -> tuple[float, float, float, float]:
        """Return 1'S 1/N, 1'S W 1/N and their derivatives in rho, with S = (I - rho
        W)^-1.
        """
        if self.row_standardised:
            m = 1.0 / (1.0 - rho)
            return m, m, m**2, m**2
        ones = np.ones(self.n)
        lu = self.factor(rho)
        lagged = self.lag(ones)
        left = splu(
            csc_array(eye_array(self.n, format="csc") - rho * csc_array(self.matrix.T))
        ).solve(ones)
        slopes = [
            float(left @ self.lag(lu.solve(column))) / self.n
            for column in (ones, lagged)
        ]
        return (
            float(left.sum()) / self.n,
            float(left @ lagged) / self.n,
            slopes[0],
            slopes[1],
        )


def network(units: Sequence[Any], matrix: Weights) -> Network:
    """Check a weights matrix and join it with its unit ids.

    Parameters
    ----------
    units : sequence, length N
        Unit ids of rows and columns; compared as text.
    matrix : ndarray or sparse array, shape (N, N)
        Any normalisation, symmetric or not.

    Raises
    ------
    NumericsError
        If the shape is wrong, a unit is named twice, a weight is missing or negative, a
        unit is its own neighbour or has none.
    """
    ids = tuple(str(unit) for unit in units)
    if matrix.ndim != 2 or tuple(matrix.shape) != (len(ids), len(ids)):
        raise NumericsError(
            f"{len(ids)} units do not name weights of shape {matrix.shape}"
        )
    weights = csr_array(csr_array(matrix).astype(np.float64))
    if len(set(ids)) != len(ids):
        raise NumericsError(
            f"{len(ids) - len(set(ids))} units of the weights are named twice"
        )
    if not np.isfinite(weights.data).all() or (weights.data < 0).any():
        raise NumericsError("the weights hold a missing, infinite or negative value")
    if weights.diagonal().any():
        raise NumericsError(
            f"{np.count_nonzero(weights.diagonal())} units are their own neighbours"
        )
    weights.eliminate_zeros()
    islands = np.flatnonzero(np.diff(weights.indptr) == 0)
    if len(islands):
        raise NumericsError(
            f"{len(islands)} units have no neighbour, first {ids[islands[0]]}"
        )
    return Network(ids, weights)


def _perron_root(matrix: csr_array) -> float:
    """Return the largest eigenvalue of non-negative weights, by powers of W + I (which
    has no other on the circle).
    """
    vector = np.full(matrix.shape[0], matrix.shape[0] ** -0.5)
    root = 0.0
    for _ in range(POWER_STEPS):
        image = matrix @ vector + vector
        new = float(np.linalg.norm(image))
        vector = image / new
        if abs(new - root) < POWER_TOLERANCE * new:
            break
        root = new
    # ASSUME: the root enters as a bound of the search, so that a last-digit shortfall
    # is put on the safe side.
    return (new - 1.0) * (1.0 + 1e-10)
