"""A weights matrix that knows its units, with everything that depends on the weights alone computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import SuperLU, splu

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.logdet import LogDeterminant, log_determinant

ROW_SUM = 1e-9
DENSE_BELOW, DENSE_SHARE = 100, 0.25
POWER_STEPS, POWER_TOLERANCE = 10_000, 1e-14


@dataclass(frozen=True)
class Network:
    """Spatial weights with their units; the log-determinant is built on first use and stored."""

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
    def _multiplier(self) -> csr_array | np.ndarray:
        share = self.matrix.nnz / self.n**2
        return self.matrix.toarray() if self.n <= DENSE_BELOW or share > DENSE_SHARE else self.matrix

    def lag(self, values: np.ndarray) -> np.ndarray:
        """Return W applied to the first axis; values (N, ...) -> (N, ...)."""
        return np.asarray(self._multiplier @ values.reshape(self.n, -1)).reshape(values.shape)

    def factor(self, rho: float) -> SuperLU:
        """Factor I - rho W for solves."""
        return splu(csc_array(eye_array(self.n, format="csc") - rho * csc_array(self.matrix)))

    def total_multipliers(self, rho: float) -> tuple[float, float, float, float]:
        """Return 1'S 1/N, 1'S W 1/N and their derivatives in rho, with S = (I - rho W)^-1."""
        if self.row_standardised:
            m = 1.0 / (1.0 - rho)
            return m, m, m**2, m**2
        ones = np.ones(self.n)
        lu, lagged = self.factor(rho), self.lag(ones)
        left = splu(csc_array(eye_array(self.n, format="csc") - rho * csc_array(self.matrix.T))).solve(ones)
        slopes = [float(left @ self.lag(lu.solve(column))) / self.n for column in (ones, lagged)]
        return float(left.sum()) / self.n, float(left @ lagged) / self.n, slopes[0], slopes[1]


def network(units: Sequence[Any], matrix: np.ndarray | csr_array) -> Network:
    """Check a weights matrix and join it with its unit ids.

    Parameters
    ----------
    units : sequence, length N
        Unit ids of rows and columns; compared as text.
    matrix : ndarray or sparse array, shape (N, N)
        Any normalisation, symmetric or not.

    Returns
    -------
    Network

    Raises
    ------
    NumericsError
        If the shape is wrong, a unit is named twice, a weight is missing or negative, a unit is its own neighbour or
        has none.
    """
    ids = tuple(str(unit) for unit in units)
    if matrix.ndim != 2 or tuple(matrix.shape) != (len(ids), len(ids)):
        raise NumericsError(f"{len(ids)} units do not name weights of shape {matrix.shape}")
    weights = csr_array(csr_array(matrix).astype(np.float64))
    if len(set(ids)) != len(ids):
        raise NumericsError(f"{len(ids) - len(set(ids))} units of the weights are named twice")
    if not np.isfinite(weights.data).all() or (weights.data < 0).any():
        raise NumericsError("the weights hold a missing, infinite or negative value")
    if weights.diagonal().any():
        raise NumericsError(f"{np.count_nonzero(weights.diagonal())} units are their own neighbours")
    weights.eliminate_zeros()
    islands = np.flatnonzero(np.diff(weights.indptr) == 0)
    if len(islands):
        raise NumericsError(f"{len(islands)} units have no neighbour, first {ids[islands[0]]}")
    return Network(ids, weights)


def _perron_root(matrix: csr_array) -> float:
    """Return the largest eigenvalue of non-negative weights, by powers of W + I (which has no other on the circle)."""
    vector, root = np.full(matrix.shape[0], matrix.shape[0] ** -0.5), 0.0
    for _ in range(POWER_STEPS):
        image = matrix @ vector + vector
        new = float(np.linalg.norm(image))
        vector = image / new
        if abs(new - root) < POWER_TOLERANCE * new:
            break
        root = new
    # ASSUME: the root enters as a bound of the search, so that a last-digit shortfall is put on the safe side.
    return (new - 1.0) * (1.0 + 1e-10)
