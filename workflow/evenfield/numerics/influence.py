"""Who carries an estimate, and whether anyone does: effective clusters, partial
leverage, dependent regressors.
"""

from typing import TypeAlias

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE
from evenfield.numerics.power import contrast_weights

WITHIN_CORRELATION = 0.999
DEPENDENT = 1e-6
Bread: TypeAlias = Array | None  # inverse of X'X, where it is there already


def effective_clusters(
    X: Array,
    clusters: np.ndarray,
    c: Array,
    within: float = WITHIN_CORRELATION,
    bread: Bread = None,
) -> float:
    """Return the effective number of clusters behind c'beta; X (N, K), clusters (N,), c
    (K,).

    Notes
    -----
    Carter, Schnepel and Steigerwald (2017), the feasible G*A; a within-correlation just
    below one, because with exactly one a regressor that varies only inside clusters
    gets no weight.
    """
    a, _, owner = _weights_and_owners(X, clusters, c, bread)
    # Variance of sum_g a'u_g with errors of variance one, correlated within clusters.
    own = np.bincount(owner, a**2)
    together = np.bincount(owner, a) ** 2
    shares = (1 - within) * own + within * together
    return float(shares.sum() ** 2 / (shares @ shares))


def partial_leverage(
    X: Array, clusters: np.ndarray, c: Array, bread: Bread = None
) -> tuple[Array, Array]:
    """Return each cluster's share in the variation that identifies c'beta; X (N, K),
    clusters (N,), c (K,).

    Notes
    -----
    MacKinnon, Nielsen and Webb (2023), partial leverage of the residualised regressor:
    for one coefficient the weights a are that regressor divided by its sum of squares.
    """
    a, names, owner = _weights_and_owners(X, clusters, c, bread)
    return names, np.asarray(np.bincount(owner, a**2) / (a @ a))


def _weights_and_owners(
    X: Array, clusters: np.ndarray, c: Array, bread: Bread
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a = contrast_weights(X, c, bread)
    clusters = np.asarray(clusters)
    if clusters.shape != a.shape:
        raise NumericsError(
            f"{clusters.size} cluster labels do not fit {a.size} observations"
        )
    if not a.any():
        raise NumericsError("the combination of coefficients is zero everywhere")
    return a, *np.unique(clusters, return_inverse=True)


def dependent_columns(X: Array, tolerance: float = RANK_TOLERANCE) -> list[int]:
    """Return the columns that the other columns reproduce exactly, so that their
    coefficients are not defined.
    """
    X = np.asarray(X, dtype=float)
    scale = np.sqrt((X**2).sum(axis=0))
    scaled = X / np.where(scale > 0, scale, 1.0)
    _, sizes, rows = np.linalg.svd(scaled, full_matrices=len(X) < X.shape[1])
    sizes = np.append(sizes, np.zeros(X.shape[1] - len(sizes)))
    # A direction without length is a combination of columns that is zero.
    involved = np.abs(rows[sizes < tolerance * np.sqrt(X.shape[1])]) > DEPENDENT
    return [int(j) for j in np.flatnonzero(involved.any(axis=0))]
