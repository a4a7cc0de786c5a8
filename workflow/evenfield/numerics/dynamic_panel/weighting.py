"""Weighting matrices of GMM through whichever Gram matrix is smaller: instruments by instruments, or units by units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from evenfield.numerics.errors import NumericsError

DEPENDENT = 1e-10


@dataclass(frozen=True)
class Weighting:
    """A (generalised) inverse of S = G'G that is applied, never formed when units are fewer than instruments."""

    rank: int  # rank of S
    factor: np.ndarray  # (L, L) cholesky factor of S; empty when S is singular
    root: np.ndarray  # (rank, L) C with S^+ = C'C; empty when S is regular

    def apply(self, columns: np.ndarray) -> np.ndarray:
        """Return S^-1 or S^+ times columns; columns (L, ...) -> (L, ...)."""
        if self.factor.size:
            return np.asarray(dpotrs(self.factor, columns, lower=1)[0]).reshape(columns.shape)
        return np.asarray(self.root.T @ (self.root @ columns))


def weighting(G: np.ndarray) -> Weighting:
    """Factorise S = G'G; G (M, L)."""
    size = np.sqrt((G**2).sum(axis=0))
    if not size.any():
        raise NumericsError("the moments are zero everywhere")
    if G.shape[0] >= G.shape[1] and (size > 0).all():
        factor = _cholesky(G / size)
        if factor is not None:
            return Weighting(G.shape[1], factor * size[:, None], np.empty((0, 0)))
    return _generalised(G)


def _cholesky(G: np.ndarray) -> np.ndarray | None:
    """Return the lower factor of G'G for columns of length one, or None when it is near singular."""
    factor, failed = dpotrf(G.T @ G, lower=1, clean=1)
    return None if failed or np.diag(factor).min() ** 2 <= DEPENDENT else np.asarray(factor)


def _generalised(G: np.ndarray) -> Weighting:
    """Invert the smaller Gram matrix; dependent instruments are scaled first, so that small ones are not lost."""
    wide = G.shape[0] < G.shape[1]
    size = np.ones(G.shape[1]) if wide else np.sqrt((G**2).sum(axis=0))
    scaled = G / np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(scaled @ scaled.T if wide else scaled.T @ scaled)
    kept = values > DEPENDENT * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    root = (vectors.T @ scaled) / values[:, None] if wide else vectors.T / np.sqrt(values)[:, None]
    return Weighting(int(kept.sum()), np.empty((0, 0)), root / np.where(size > 0, size, 1.0))
