"""Are several Markov chains one: over periods, over neighbours' classes, over the class before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from evenfield.numerics.errors import NumericsError


@dataclass(frozen=True, slots=True)
class HomogeneityTest:
    """Test that several chains are one."""

    q: float  # pearson and likelihood-ratio statistics
    lr: float
    df: int  # degrees of freedom over the rows and columns that are not empty
    q_p: float  # chi-squared p-values, right only for first-order chains of independent units
    lr_p: float


def homogeneity_statistics(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far several chains are from being one; counts (..., m, k, k) -> (...).

    Notes
    -----
    Anderson and Goodman (1957); Bickenbach and Bode (2003).
    """
    pooled = counts.sum(axis=-3, keepdims=True)
    rows = counts.sum(axis=-1, keepdims=True)
    totals = pooled.sum(axis=-1, keepdims=True)
    expected = np.divide(rows * pooled, totals, out=np.zeros(counts.shape), where=totals > 0)
    gaps = np.divide((counts - expected) ** 2, expected, out=np.zeros(counts.shape), where=expected > 0)
    logs = np.log(np.divide(counts, expected, out=np.ones(counts.shape), where=counts > 0))
    return gaps.sum(axis=(-3, -2, -1)), 2 * (counts * logs).sum(axis=(-3, -2, -1))


def homogeneity_df(counts: np.ndarray) -> int:
    """Return the degrees of freedom of the test of homogeneity; counts (m, k, k)."""
    visited = (counts.sum(axis=2) > 0).sum(axis=0)
    reached = (counts.sum(axis=0) > 0).sum(axis=1)
    return int((np.maximum(visited - 1, 0) * np.maximum(reached - 1, 0)).sum())


def homogeneity_test(counts: np.ndarray) -> HomogeneityTest:
    """Test that several chains are one; counts (m, k, k)."""
    q, lr = (float(value) for value in homogeneity_statistics(np.asarray(counts, dtype=float)))
    df = homogeneity_df(counts)
    p = (float(chdtrc(df, q)), float(chdtrc(df, lr))) if df else (np.nan, np.nan)
    return HomogeneityTest(q, lr, df, *p)


def second_order_counts(classes: np.ndarray, k: int, step: int = 1) -> np.ndarray:
    """Count transitions by the class before; classes (N, T) -> (N, k, k, k)."""
    n, T = classes.shape
    if 2 * step + 1 > T:
        raise NumericsError(f"{T} periods hold no two transitions over {step} periods")
    early, middle, late = classes[:, : -2 * step], classes[:, step:-step], classes[:, 2 * step :]
    codes = np.arange(n)[:, None] * k**3 + early * k * k + middle * k + late
    return np.bincount(codes.ravel(), minlength=n * k**3).reshape(n, k, k, k)
