"""Permutations of units, some hundred at once, and the p-values that rest on them."""

from collections.abc import Iterator

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError

TIE = 1e-12  # statistics that differ by less are the same
CLOSE = 1e-9


def permuted_orders(
    n: int, rng: np.random.Generator, draws: int, at_once: int
) -> Iterator[np.ndarray]:
    """Yield random orders of n units, one a row, in blocks of draws."""
    for orders in blocks(draws, at_once):
        # Sorting random keys, because a draw then rests on its own numbers alone.
        keys = rng.random((orders, n))
        yield _orders(keys)


def _orders(keys: Array) -> np.ndarray:
    """Return the order that sorts each row of keys, equal ones as they stand; keys (B,
    n) from 0 to 1.

    Notes
    -----
    A key and its position share one whole number, the position in its last binary
    digits: sorted numbers hold the order, and no two are equal, so that it is the same
    on every processor.
    """
    n = keys.shape[1]
    of_position = max(1, (n - 1).bit_length())
    of_key = min(53, 64 - of_position)  # a uniform number has 53 binary digits
    numbers = (keys * 2.0**of_key).astype(np.uint64)
    numbers <<= np.uint64(of_position)
    numbers |= np.arange(n, dtype=np.uint64)
    numbers.sort(axis=1)
    numbers &= np.uint64(2**of_position - 1)
    # Positions are small, so that both kinds of whole numbers write them alike.
    positions: np.ndarray = numbers.view(np.intp)
    return positions


def two_sided_p(
    drawn: Array, observed: Array | float, tie: Array | float = TIE
) -> Array:
    """Return min(1, 2 min(p_low, p_high)) of each statistic; drawn (draws, ...),
    observed (...). The observed order counts as one draw, so that no p-value is zero.
    """
    low = (drawn <= observed + tie).sum(axis=0)
    high = (drawn >= observed - tie).sum(axis=0)
    return tail_p(low, high, len(drawn))


def tail_p(low: np.ndarray, high: np.ndarray, draws: int) -> Array:
    """Return two-sided p-values from the numbers of draws at most and at least as large."""
    tail = (1 + np.minimum(low, high)) / (1 + draws)
    return np.asarray(np.minimum(1.0, 2 * tail))


def permuted_sum_p(
    c: Array, x: Array, rng: np.random.Generator, permutations: int
) -> float:
    """Return the two-sided permutation p-value of sum c_i x_i; c, x (N,).

    Notes
    -----
    In a Poisson regression of c on a constant and x the slope rises strictly with sum
    c_i x_i when both sets of values are given, as (sum c_i, sum c_i x_i) is sufficient:
    p is also that of the Poisson slope, without refits.
    """
    c = c - np.mean(c)
    x = x - np.mean(x)
    # The largest that the sum can be, so that ties do not depend on units of measure.
    scale = float(np.sqrt((c @ c) * (x @ x)))
    if scale <= 0:
        raise NumericsError("a variable is constant")
    order = next(permuted_orders(len(c), rng, permutations, permutations))
    return float(two_sided_p(c[order] @ x, float(c @ x), CLOSE * scale))
