"""Arrays of the kernels: their type, division where it is defined, what does not vary."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
# Variation below this share of the largest value is rounding.
CONSTANT = 1e-12


def quotient(
    numerator: np.ndarray,
    denominator: np.ndarray,
    otherwise: float = np.nan,
    defined: np.ndarray | None = None,
) -> Array:
    """Divide element by element, where the divisor is positive unless told otherwise."""
    where = denominator > 0 if defined is None else defined
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    # Cells that are not defined are never divided, so that NumPy does not warn of them.
    out = np.full(shape, otherwise)
    return np.asarray(np.divide(numerator, denominator, out=out, where=where))


def is_constant(values: np.ndarray) -> bool:
    """Tell whether values do not vary beyond rounding; values (N,)."""
    values = np.asarray(values, dtype=float)  # int8 may overflow
    return bool(np.ptp(values) <= CONSTANT * np.abs(values).max())


def order_by_value(values: np.ndarray) -> np.ndarray:
    """Return the order of units by their values from the first date on, so that their
    names do not decide which of them a random draw takes; values (N, T) -> (N,).
    """
    return np.lexsort((np.arange(len(values)), *values.T[::-1]))
