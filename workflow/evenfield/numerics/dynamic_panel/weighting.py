"""The weighting of GMM: the inverse of a sum of squares of moments, without its digits
being lost.

S = G'G has the square of the condition of G. It is inverted by Cholesky where that is
harmless and else by a decomposition of G itself; with fewer units than instruments S is
singular and a generalised inverse takes its place.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

# Of columns of length one: below, squares cost too many digits; what rounding leaves of
# dependent columns; and the same for squares.
NEARLY = 1e-3
ROUNDING = 1e-12
DEPENDENT = 1e-10
EMPTY = np.empty((0, 0))


class Weighting(NamedTuple):
    """A (generalised) inverse of S = G'G that is applied, never formed when units are
    fewer than instruments.
    """

    rank: int  # rank of S
    factor: Array  # (L, L) cholesky factor of S; empty when S is singular
    root: Array  # (rank, L) C with S^+ = C'C; empty when S is regular

    def apply(self, columns: Array) -> Array:
        """Return S^-1 or S^+ times columns; columns (L, ...) -> (L, ...)."""
        return self.back(self.half(columns))

    def half(self, columns: Array) -> Array:
        """Return C times columns, where C'C is S^-1 or S^+; (L, ...) -> (rank, ...)."""
        if self.factor.size:
            return solve_triangular(self.factor, columns, lower=True)
        return self.root @ columns

    def back(self, columns: Array) -> Array:
        """Return C' times columns; (rank, ...) -> (L, ...)."""
        if self.factor.size:
            return solve_triangular(self.factor, columns, lower=True, trans="T")
        return self.root.T @ columns


def weighting(G: Array) -> Weighting:
    """Factorise S = G'G; G (M, L)."""
    size = np.sqrt((G**2).sum(axis=0))
    if not size.any():
        raise NumericsError("the moments are zero everywhere")
    if G.shape[0] >= G.shape[1] and (size > 0).all():
        factor = _cholesky(G / size)
        if factor is not None:
            lower = factor * size[:, None]
            return Weighting(rank=len(lower), factor=lower, root=EMPTY)
    return _generalised(G)


def _cholesky(G: Array) -> Array | None:
    """Return the lower factor of G'G for columns of length one, or None when it is near
    singular.
    """
    factor, failed = dpotrf(G.T @ G, lower=1, clean=1)
    # The smallest pivot is the length of what the other columns leave of a column.
    if failed or np.diag(factor).min() <= NEARLY:
        return None
    return np.asarray(factor)


def _generalised(G: Array) -> Weighting:
    """Invert on the space that the rows of G span.

    Notes
    -----
    With G D^-1 = U S V', D the lengths of the columns: S^+ = D^-1 V S^-2 V' D^-1. No
    squares are formed, so that levels far from zero, which differ by 1e-5 of their
    length, are not taken for one another. With fewer rows than columns the weights
    depend on the scale of the columns, which is left as it is.
    """
    if G.shape[0] < G.shape[1]:
        return _of_few_rows(G)
    size = np.sqrt((G**2).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    _, values, Vt = np.linalg.svd(G / size, full_matrices=False)
    rank = int((values > ROUNDING * values[0]).sum())
    root = Vt[:rank] / values[:rank, None] / size
    return Weighting(rank=rank, factor=EMPTY, root=root)


def _of_few_rows(G: Array) -> Weighting:
    """Invert by way of the smaller matrix GG' = U L U': S^+ = C'C, C = L^-1 U'G."""
    values, vectors = np.linalg.eigh(G @ G.T)
    independent = values > DEPENDENT * values[-1]
    values = values[independent]
    root = (vectors[:, independent].T @ G) / values[:, None]
    return Weighting(rank=len(values), factor=EMPTY, root=root)
