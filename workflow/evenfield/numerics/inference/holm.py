"""Holm's step-down: p-values of a family of hypotheses, valid however their tests depend on each other."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust the p-values of a family so that the chance of any false rejection is controlled.

    Notes
    -----
    p_(j) = max over i <= j of min{1, (m - i + 1) p_(i)}: Holm (1979), "A simple sequentially rejective multiple test
    procedure". No assumption on dependence.
    """
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise NumericsError("Holm's adjustment needs a list of p-values between 0 and 1")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
