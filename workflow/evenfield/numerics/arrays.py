"""Arrays of the kernels: their type, and division where it is defined."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


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
