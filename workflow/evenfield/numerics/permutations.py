"""Permutations of units, many at once, and the p-values that they give."""

from collections.abc import Iterator

import numpy as np

from evenfield.numerics.arrays import Array, is_constant
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError

TIE = 1e-12  # statistics of about one that differ by less are the same
CLOSE = 1e-9  # of the largest that a sum can be: sums that differ by less are the same
NUMBERS_AT_ONCE = 2_000_000  # draws times units


def permuted_orders(
    n: int, rng: np.random.Generator, draws: int, at_once: int
) -> Iterator[np.ndarray]:
    """Yield random orders of n units, one a row, in blocks of draws."""
    units = np.arange(n)
    for block in blocks(draws, at_once):
        # Rows are shuffled one after another, so that blocks of any size hold the same
        # draws.
        yield rng.permuted(np.broadcast_to(units, (block, n)), axis=1)


def first_places(
    n: int, places: int, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Return the units on the first places of random orders of n units; -> (draws,
    places).

    Notes
    -----
    Fisher and Yates (1938): the unit of each place swaps with a unit drawn from that
    place onward. What follows the last place asked for is never shuffled.
    """
    at_once = max(1, NUMBERS_AT_ONCE // n)
    drawn = []
    for block in blocks(draws, at_once):
        orders = np.tile(np.arange(n), (block, 1))
        row = np.arange(block)
        others = rng.integers(np.arange(places), n, size=(block, places))
        for place, other in enumerate(others.T):
            swapped = orders[row, other]
            orders[row, other] = orders[:, place]
            orders[:, place] = swapped
        drawn.append(orders[:, :places].copy())
    return np.concatenate(drawn)


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
    """Return p = min(1, 2 (1 + min(low, high)) / (1 + draws)) from the numbers of draws
    at most and at least as large.
    """
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
    if is_constant(c) or is_constant(x):
        raise NumericsError("a variable is constant")
    c = c - np.mean(c)
    x = x - np.mean(x)
    # |sum c_i x_i| is at most this (Cauchy and Schwarz), so that ties do not depend on
    # units of measure.
    largest = float(np.sqrt((c @ c) * (x @ x)))
    orders = next(permuted_orders(len(c), rng, permutations, permutations))
    return float(two_sided_p(c[orders] @ x, float(c @ x), CLOSE * largest))
