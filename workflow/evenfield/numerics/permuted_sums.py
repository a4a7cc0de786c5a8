"""The permutation test of a sum of products: whether one variable goes with another, given both sets of values."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError

TIE = 1e-9


def permuted_sum_p(c: np.ndarray, x: np.ndarray, rng: np.random.Generator, permutations: int) -> float:
    """Return the two-sided permutation p-value of sum c_i x_i; c, x (N,).

    Notes
    -----
    In a Poisson regression of c on a constant and x the slope rises strictly with sum c_i x_i when both sets of
    values are given, as (sum c_i, sum c_i x_i) is sufficient: p is also that of the Poisson slope, without refits.
    """
    c, x = (np.asarray(v, dtype=float) - np.mean(v) for v in (c, x))
    scale = float(np.sqrt((c @ c) * (x @ x)))
    if scale <= 0:
        raise NumericsError("a variable is constant")
    order = np.argsort(rng.random((permutations, len(c))), axis=1, kind="stable")
    drawn, observed = c[order] @ x, float(c @ x)
    low, high = int((drawn <= observed + TIE * scale).sum()), int((drawn >= observed - TIE * scale).sum())
    return min(1.0, 2 * (1 + min(low, high)) / (1 + permutations))
