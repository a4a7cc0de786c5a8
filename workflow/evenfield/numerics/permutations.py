"""Permutations of units, some hundred at once, and the p-values that rest on them."""

from collections.abc import Iterator

import numpy as np

from evenfield.numerics.arrays import Array

TIE = 1e-12


def permuted_orders(
    n: int, rng: np.random.Generator, draws: int, at_once: int
) -> Iterator[np.ndarray]:
    """Yield random orders of n units, one a row, in blocks of draws."""
    for first in range(0, draws, at_once):
        keys = rng.random((min(at_once, draws - first), n))
        yield np.argsort(keys, axis=1, kind="stable")


def two_sided_p(
    drawn: Array, observed: Array | float, tie: Array | float = TIE
) -> Array:
    """Return min(1, 2 min(p_low, p_high)) of each statistic; drawn (draws, ...),
    observed (...). The observed order counts as one draw, so that no p-value is zero.
    """
    low = (drawn <= observed + tie).sum(axis=0)
    high = (drawn >= observed - tie).sum(axis=0)
    tail = (1 + np.minimum(low, high)) / (1 + len(drawn))
    return np.minimum(1.0, 2 * tail)
