"""How often two units share a club over several clusterings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def shared_membership(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the share of clusterings in which two units share a club; labels (N,) -> (N, N)."""
    codes = np.array(labels)
    same = (codes[:, :, None] == codes[:, None, :]) & (codes[:, :, None] > 0)
    out = same.mean(axis=0)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def core_stability(shared: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how firmly each unit sits in its club; shared (N, N), labels (N,) -> (N,)."""
    same = (labels[:, None] == labels[None, :]) & (labels[:, None] > 0) & ~np.eye(len(labels), dtype=bool)
    counts = same.sum(axis=1)
    sums = np.where(same, shared, 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(labels), np.nan), where=counts > 0))
