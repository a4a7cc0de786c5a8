"""Equivalence: whether an effect is shown to be smaller than of interest."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from evenfield.numerics.errors import NumericsError


class TwoOneSided(NamedTuple):
    """Result of two one-sided t tests."""

    p_value: float  # the larger of the two
    # interval of level 2 ``level`` - 1: inside the bounds exactly when p < 1 - level
    conf_low: float
    conf_high: float


def two_one_sided(
    estimate: float, std_error: float, df: float, bound: float, level: float = 0.95
) -> TwoOneSided:
    """Test whether an effect lies between -bound and +bound; df infinite for the normal
    law.

    Notes
    -----
    Schuirmann (1987): t_low = (b + bound) / se and t_high = (b - bound) / se, each
    one-sided at 1 - level.
    """
    if not (bound > 0 and std_error > 0 and np.isfinite(std_error)):
        raise NumericsError(
            f"no equivalence test with bound {bound:g}, standard error {std_error:g}"
        )
    above = stdtr(df, -(bound + estimate) / std_error)
    below = stdtr(df, -(bound - estimate) / std_error)
    half = stdtrit(df, level) * std_error
    return TwoOneSided(
        p_value=float(max(above, below)),
        conf_low=float(estimate - half),
        conf_high=float(estimate + half),
    )
