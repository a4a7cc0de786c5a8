"""The root of a dynamic panel by the first instrument there was: one earlier level."""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.within import CONSTANT, RootFit, checked_levels
from evenfield.numerics.errors import NumericsError

FEWEST_DATES = 3


def anderson_hsiao_root(levels: Array) -> RootFit:
    """Fit dy_it = rho dy_i,t-1 + dtau_t + de_it with the level y_i,t-2 as instrument;
    levels (N, T + 1).

    Notes
    -----
    Anderson and Hsiao (1981).
    """
    centred = checked_levels(levels, FEWEST_DATES)
    centred = centred - centred.mean(axis=0)
    change = np.diff(centred, axis=1)
    z = centred[:, :-2]
    dy = change[:, 1:]
    dlag = change[:, :-1]
    strength = float((z * dlag).sum())
    largest = float(np.sqrt((z**2).sum() * (dlag**2).sum()))
    if abs(strength) <= CONSTANT * largest:
        raise NumericsError("the instrument does not move the lagged difference")
    rho = float((z * dy).sum()) / strength
    scores = (z * (dy - rho * dlag)).sum(axis=1)
    n = levels.shape[0]
    return RootFit(
        rho=rho,
        std_error=float(np.sqrt(n / (n - 1) * scores @ scores)) / abs(strength),
        df=n - 1,
        n_units=n,
        n_periods=levels.shape[1] - 2,  # the first change has no lag
    )
