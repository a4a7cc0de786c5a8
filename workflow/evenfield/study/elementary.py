"""Logarithms and exponentials from the C library, one number at a time: NumPy's own
differ between processors.

What the panel and weights floors hand over carries 17 digits and is hashed, so its last
digit must not depend on whether NumPy found AVX-512. ``math`` gives the same on both.
"""

import math

import numpy as np
import pandas as pd

# math.log raises at zero and below, unlike NumPy; a blank (NaN) passes through.
_LOG = np.frompyfunc(math.log, 1, 1)
_EXP = np.frompyfunc(math.exp, 1, 1)


def log(values: pd.Series) -> pd.Series:
    """Return natural logarithms."""
    return _elementwise(_LOG, values)


def exp(values: pd.Series) -> pd.Series:
    """Return e to the power of each number."""
    return _elementwise(_EXP, values)


def _elementwise(function: np.ufunc, values: pd.Series) -> pd.Series:
    values_of_function = np.asarray(function(values.to_numpy(float)), dtype=float)
    return pd.Series(values_of_function, index=values.index, name=values.name)
