"""Spatial weights with their units, made once and reused by every model.

All models read W through ``Network``: its product with columns, solves with I - rho W,
and the log-determinant, each computed at first use and stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import SuperLU, splu

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.spatial import Weights, multiplier
from evenfield.numerics.spatial_panel.log_determinant import (
    LogDeterminant,
    eigenvalues,
    log_determinant,
)

LARGEST_DENSE = 3000  # units of a dense matrix, 72 MB
ROW_SUM = 1e-9  # gap within which a row sum counts as one
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

    def dense(self, purpose: str) -> np.ndarray:
        """Return the weights as a dense matrix, shape (N, N)."""
        if self.n > LARGEST_DENSE:
            raise NumericsError(
                f"{purpose} needs a dense matrix of {self.n} units, at most"
                f" {LARGEST_DENSE}"
            )
        return np.asarray(self.matrix.toarray())

    def solve(self, parameter: Array | float, sides: Array) -> Array:
        """Return (I - d W)^-1 times some columns, for one d or for each of several;
        sides (N, k) -> (..., N, k).
        """
        d = np.asarray(parameter)
        if not d.any():
            return sides
        # Dense weights are solved for all d at once, sparse ones by a factor of each.
        if isinstance(self._multiplier, np.ndarray):
            shifted = np.eye(self.n) - d[..., None, None] * self._multiplier
            return np.asarray(np.linalg.solve(shifted, sides))
        solved = np.array([self.factor(one).solve(sides) for one in d.ravel()])
        return solved.reshape(*d.shape, *sides.shape)

    def lag(self, values: Array) -> Array:
        """Return W applied to the first axis; values (N, ...) -> (N, ...)."""
        product = self._multiplier @ values.reshape(self.n, -1)
        return np.asarray(product).reshape(values.shape)

    def factor(self, rho: float) -> SuperLU:
        """Factor I - rho W for solves."""
        return _factor(self.matrix, rho)

    def total_multipliers(self, rho: float) -> tuple[float, float, float, float]:
        """Return 1'S 1/N, 1'S W 1/N and their derivatives in rho, with S = (I - rho
        W)^-1.
        """
        if self.row_standardised:
            m = 1.0 / (1.0 - rho)
            return m, m, m**2, m**2
        # dS/drho = S W S, so that one solve with W' from the left serves all four.
        ones = np.ones(self.n)
        lagged = self.lag(ones)
        lu = self.factor(rho)
        left = _factor(self.matrix.T, rho).solve(ones)
        return (
            float(left.sum()) / self.n,
            float(left @ lagged) / self.n,
            float(left @ self.lag(lu.solve(ones))) / self.n,
            float(left @ self.lag(lu.solve(lagged))) / self.n,
        )


def _factor(matrix: csr_array | csc_array, rho: float) -> SuperLU:
    return splu(
        csc_array(eye_array(matrix.shape[0], format="csc") - rho * csc_array(matrix))
    )


def network(units: Sequence[object], matrix: Weights) -> Network:
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
    ids = tuple(map(str, units))
    weights = checked_weights(ids, matrix)
    islands = np.flatnonzero(np.diff(weights.indptr) == 0)
    if len(islands):
        alone = counted(len(islands), "unit has", "units have")
        raise NumericsError(f"{alone} no neighbour, first {ids[islands[0]]}")
    return Network(ids, weights)


def checked_weights(ids: Sequence[str], matrix: Weights) -> csr_array:
    """Return weights (N, N) without stored zeros, or refuse them; a unit may lack
    neighbours.
    """
    if matrix.ndim != 2 or tuple(matrix.shape) != (len(ids), len(ids)):
        raise NumericsError(
            f"{len(ids)} units do not name weights of shape {matrix.shape}"
        )
    weights = csr_array(csr_array(matrix).astype(np.float64))
    if len(set(ids)) != len(ids):
        raise NumericsError(
            f"{counted(len(ids) - len(set(ids)), 'unit')} of the weights named twice"
        )
    if not np.isfinite(weights.data).all() or (weights.data < 0).any():
        raise NumericsError("the weights hold a missing, infinite or negative value")
    own = int(np.count_nonzero(weights.diagonal()))
    if own:
        raise NumericsError(
            counted(own, "unit is its own neighbour", "units are their own neighbours")
        )
    # Stored zeros would count as neighbours.
    weights.eliminate_zeros()
    return weights


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
