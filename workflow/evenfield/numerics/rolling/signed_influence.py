"""Covariances of slopes in samples whose residuals change sign unit by unit.

The influence of a unit in a sample is its influence in the data with a sign, less what
refitting takes out. Sums of their products over units come from cross-products that are
computed once, so that a sample needs no panel of its own.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array


class Influences(NamedTuple):
    """Influences of N units on one slope in B samples, g_i A_i - k_i'v_b."""

    data: Array  # (N,) A: influences before signs
    refitted: Array  # (N, K) k
    by_sample: Array  # (B, K) v: what is fitted anew in each sample


def rademacher(rng: np.random.Generator, samples: int, units: int) -> Array:
    """Draw signs, -1 or 1; shape (samples, units)."""
    return np.asarray(rng.integers(0, 2, (samples, units)) * 2.0 - 1.0)


def influence_products(signs: Array, first: Influences, second: Influences) -> Array:
    """Return the sum over units of the products of two influences; signs (B, N) ->
    (B,).

    Notes
    -----
    As g_i^2 = 1, sum_i (g_i A_i - k_i'v)(g_i C_i - l_i'w) is
    A'C - v'k'(g C) - w'l'(g A) + v'(k'l)w.
    """
    of_first = signs @ (first.refitted * second.data[:, None])
    of_second = signs @ (second.refitted * first.data[:, None])
    both = first.by_sample @ (first.refitted.T @ second.refitted)
    return np.asarray(
        first.data @ second.data
        - (of_first * first.by_sample).sum(axis=1)
        - (of_second * second.by_sample).sum(axis=1)
        + (both * second.by_sample).sum(axis=1)
    )
