"""Confidence intervals from a test: the nulls that the test does not reject, found from the estimate outwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DOUBLINGS, HALVINGS = 10, 44
ROUNDING = 1e-12


def inverted_interval(
    p_value: Callable[[float], float], estimate: float, scale: float, level: float
) -> tuple[float, float]:
    """Return the interval of nulls around the estimate whose p-value exceeds 1 - level."""
    alpha = 1 - level + ROUNDING
    return _end(p_value, estimate, -scale, alpha), _end(p_value, estimate, scale, alpha)


def _end(p_value: Callable[[float], float], estimate: float, step: float, alpha: float) -> float:
    inside, outside = estimate, estimate + step
    for _ in range(DOUBLINGS):
        if p_value(outside) <= alpha:
            break
        inside, outside = outside, estimate + 2 * (outside - estimate)
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (inside, middle) if p_value(middle) <= alpha else (middle, outside)
    return float(outside)
