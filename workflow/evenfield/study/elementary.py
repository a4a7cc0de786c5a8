"""Logarithms and exponentials from the C library, one number at a time: NumPy's own
differ between processors.

What the panel and weights floors hand over carries 17 digits and is hashed, so its last
digit must not depend on whether NumPy found AVX-512. ``math`` gives the same on both.
"""

import math
from typing import TypeVar

import numpy as np
import pandas as pd

# math.log raises at zero and below, unlike NumPy; a blank (NaN) passes through.
_LOG = np.frompyfunc(math.log, 1, 1)
_EXP = np.frompyfunc(math.exp, 1, 1)


Numbers = TypeVar("Numbers", pd.Series, pd.DataFrame)


def log(values: Numbers) -> Numbers:
    """Return natural logarithms."""
    return _elementwise(_LOG, values)


def exp(values: Numbers) -> Numbers:
    """Return e to the power of each number."""
    return _elementwise(_EXP, values)


def _elementwise(function: np.ufunc, values: Numbers) -> Numbers:
    out = np.asarray(function(values.to_numpy(float)), dtype=float)
    if isinstance(values, pd.DataFrame):
        return pd.DataFrame(out, index=values.index, columns=values.columns)
    return pd.Series(out, index=values.index, name=values.name)
