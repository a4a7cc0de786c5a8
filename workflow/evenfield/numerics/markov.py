"""Markov chains of income classes: counts by unit, probabilities, ergodic distribution and mobility."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError

ROOT = 1e-9


def quantile_cutoffs(values: np.ndarray, k: int) -> np.ndarray:
    """Return the upper bounds of k classes of equal size; shape (k - 1,)."""
    if k < 2:
        raise NumericsError(f"{k} classes: a chain needs at least two")
    cutoffs = np.quantile(np.asarray(values, dtype=float), np.arange(1, k) / k)
    if not (np.diff(cutoffs) > 0).all() or cutoffs[-1] >= np.max(values):
        raise NumericsError(f"the values are too alike for {k} classes")
    return np.asarray(cutoffs)


def classes_of(values: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
    """Sort values into classes; cutoffs (k - 1,)."""
    return np.searchsorted(cutoffs, values, side="left")


def yearly_classes(values: np.ndarray, k: int) -> np.ndarray:
    """Sort values into quantile classes of their own period; values (N, T) -> (N, T)."""
    return np.column_stack([classes_of(column, quantile_cutoffs(column, k)) for column in values.T])


def transition_counts(classes: np.ndarray, k: int, step: int = 1) -> np.ndarray:
    """Count the transitions of each unit; classes (N, T) -> (N, k, k)."""
    n, T = classes.shape
    if not 1 <= step < T:
        raise NumericsError(f"{T} periods hold no transition over {step} periods")
    codes = np.arange(n)[:, None] * k * k + classes[:, :-step] * k + classes[:, step:]
    return np.bincount(codes.ravel(), minlength=n * k * k).reshape(n, k, k)


def transition_matrix(counts: np.ndarray) -> np.ndarray:
    """Turn counts into probabilities; counts (..., k, k) -> (..., k, k)."""
    totals = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0))


def ergodic_distribution(P: np.ndarray) -> np.ndarray:
    """Return the distribution that a chain settles into; P (..., k, k) -> (..., k).

    Notes
    -----
    (I - P + J)' pi = 1 with J all ones has a unique solution exactly when the root one is simple.
    """
    k = P.shape[-1]
    defined = np.isfinite(P).all(axis=(-2, -1))
    safe = np.where(defined[..., None, None], P, np.full((k, k), 1 / k))
    system = np.swapaxes(np.eye(k) - safe + 1.0, -1, -2)
    unique = defined & (np.abs(np.linalg.det(system)) > ROOT)
    system = np.where(unique[..., None, None], system, np.eye(k))
    out = np.linalg.solve(system, np.ones((*P.shape[:-1], 1)))[..., 0]
    # A share that only the rounding of the solution makes other than zero is zero.
    return np.asarray(np.where(unique[..., None], np.where(out < ROOT, 0.0, out), np.nan))


def second_root(P: np.ndarray) -> np.ndarray:
    """Return the modulus of the second largest root; P (..., k, k) -> (...)."""
    defined = np.isfinite(P).all(axis=(-2, -1))
    safe = np.where(defined[..., None, None], P, 0.0)
    moduli = np.sort(np.abs(np.linalg.eigvals(safe)), axis=-1)
    return np.asarray(np.where(defined, moduli[..., -2], np.nan))


def mobility_half_life(P: np.ndarray, years: float) -> np.ndarray:
    """Return how long a deviation from the ergodic distribution takes to halve; P (..., k, k) -> (...)."""
    root = second_root(P)
    with np.errstate(divide="ignore"):
        life = -years * np.log(2) / np.log(np.where(root > 0, root, np.nan))
    life = np.where(root >= 1 - ROOT, np.inf, life)
    return np.asarray(np.where(root == 0, 0.0, life))


def shorrocks_index(P: np.ndarray) -> np.ndarray:
    """Return Shorrocks' (1978) mobility index (k - trace P) / (k - 1); P (..., k, k) -> (...)."""
    k = P.shape[-1]
    return np.asarray((k - np.trace(P, axis1=-2, axis2=-1)) / (k - 1))


def bootstrap_counts(counts: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Resample whole trajectories of units; counts (N, ...) -> (draws, ...)."""
    n = len(counts)
    picks = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    return np.asarray((picks @ counts.reshape(n, -1)).reshape(draws, *counts.shape[1:]))
