"""How often two units share a club over several clusterings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def shared_membership(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the share of clusterings in which two units share a club.

    Parameters
    ----------
    labels : sequence of ndarray of int, shape (N,)
        Club of each unit in each clustering, zero for divergent units, which share no club.

    Returns
    -------
    ndarray, shape (N, N)
        Symmetric, ones on the diagonal.
    """
    codes = np.array(labels)
    same = (codes[:, :, None] == codes[:, None, :]) & (codes[:, :, None] > 0)
    out = same.mean(axis=0)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def core_stability(shared: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how firmly each unit sits in its club.

    Parameters
    ----------
    shared : ndarray, shape (N, N)
        From ``shared_membership``.
    labels : ndarray of int, shape (N,)
        Clubs of the clustering in question.

    Returns
    -------
    ndarray, shape (N,)
        Mean share over the other members of its club; NaN for a unit without one.
    """
    same = (labels[:, None] == labels[None, :]) & (labels[:, None] > 0) & ~np.eye(len(labels), dtype=bool)
    counts = same.sum(axis=1)
    sums = np.where(same, shared, 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(labels), np.nan), where=counts > 0))
