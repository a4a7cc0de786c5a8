"""Fixed effects taken out of a regression: by demeaning, and by least squares on the
dummies of a crossed effect.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError

NOTHING = 1e-10


class WithoutEffects(NamedTuple):
    """An outcome and its regressors without effects."""

    y: np.ndarray  # (N,) outcome
    X: (
        np.ndarray
    )  # (N, K) regressors, and the dummies of effects that were not taken out
    nested: int  # effects nested in the clusters that were taken out
    crossed: int  # other effects that were taken out


def without_effects(
    values: np.ndarray,
    names: Sequence[str],
    effects: Mapping[str, np.ndarray],
    clusters: np.ndarray,
    *,
    dummies: bool,
) -> WithoutEffects:
    """Demean in place by the first effect nested in the clusters; another one goes too,
    or all others are dummies.

    Notes
    -----
    Values are (1 + K, N), the outcome first; effects and clusters are codes from zero,
    (N,).
    """
    others = dict(effects)
    home = next(
        (name for name, codes in effects.items() if _nested(codes, clusters)), ""
    )
    inner = others.pop(home, None)
    size = np.einsum("rn,rn->r", values, values)
    absorbed = 0
    crossed = 0
    if dummies or len(others) > 1:
        starts = [int(i > 0 or inner is not None) for i in range(len(others))]
        columns = [
            codes == level
            for start, codes in zip(starts, others.values(), strict=True)
            for level in range(start, codes.max() + 1)
        ]
        values = np.vstack([values, *columns])
        others = {}
    if inner is not None:
        counts = np.bincount(inner)
        for i, row in enumerate(values):
            values[i] -= (np.bincount(inner, row) / counts)[inner]
        absorbed = len(counts)
        gone = _vanished(values, size)
        if gone.any():
            raise NumericsError(
                f"{names[int(gone.argmax())]} does not vary within {home}: leave it out"
            )
    for codes in others.values():
        if inner is None:  # the constant stands for it
            inner = np.zeros_like(codes)
            crossed = 1
            values -= values.mean(axis=1, keepdims=True)
        crossed += _take_out_crossed(values, codes, inner)
        if _vanished(values, size).any():
            raise NumericsError("the regressors are collinear")
    return WithoutEffects(values[0], values[1:].T, absorbed, crossed)


def _nested(inner: np.ndarray, outer: np.ndarray) -> bool:
    home = np.zeros(inner.max() + 1, dtype=int)
    home[inner] = outer
    return bool((home[inner] == outer).all())


def _vanished(values: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Say of which regressors nothing is left; values (R, N), sums of squares before (1
    + K,) -> (K,).
    """
    left = np.einsum("rn,rn->r", values, values)[: len(size)]
    return np.asarray(left <= NOTHING**2 * size)[1:]


def _take_out_crossed(values: np.ndarray, codes: np.ndarray, inner: np.ndarray) -> int:
    """Take an effect out of rows in place, demeaned by ``inner``, by least squares on
    its dummies; values (R, N).
    """
    counts = np.bincount(codes)
    shape = (inner.max() + 1, codes.max() + 1)
    pairs = np.bincount(
        inner * shape[1] + codes, minlength=shape[0] * shape[1]
    ).reshape(shape)
    shares = pairs / pairs.sum(axis=1, keepdims=True)
    roots, vectors = np.linalg.eigh(np.diag(counts) - pairs.T @ shares)
    known = roots > NOTHING * counts.max()
    if known.sum() < len(counts) - 1:
        raise NumericsError("the regressors are collinear")
    sums = np.array([np.bincount(codes, row) for row in values])
    effects = (sums @ vectors[:, known] / roots[known]) @ vectors[:, known].T
    for i, effect in enumerate(effects):
        values[i] += (shares @ effect)[inner] - effect[codes]
    return len(counts) - 1
