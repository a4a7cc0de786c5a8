"""One index from several outcomes that stand for the same thing."""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import dependent_columns


def standardised_index(values: Array, reference: Array) -> Array:
    """Average standardised outcomes, each weighted by what it adds to the others.

    Notes
    -----
    s_i = (1'V^-1 1)^-1 1'V^-1 z_i with V the covariance of z over all units, divided by
    its standard deviation among the reference units; Anderson (2008), Journal of the
    American Statistical Association 103(484).
    """
    values = np.asarray(values, dtype=float)
    inside = values[reference]
    if len(inside) < 2 or (np.ptp(inside, axis=0) == 0).any():
        raise NumericsError(
            "no index: fewer than two reference units, or an outcome does not vary"
            " among them"
        )
    z = (values - inside.mean(axis=0)) / inside.std(axis=0, ddof=1)
    if dependent_columns(np.column_stack([np.ones(len(z)), z])):
        raise NumericsError("no index: one outcome repeats the others")
    # Weights V^-1 1: an outcome that moves with the others adds little.
    V = np.atleast_2d(np.cov(z, rowvar=False))
    weights = np.linalg.solve(V, np.ones(V.shape[0]))
    s = z @ weights / weights.sum()
    return np.asarray(s / s[reference].std(ddof=1))
