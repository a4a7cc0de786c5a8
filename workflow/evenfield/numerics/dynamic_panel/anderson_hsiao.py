"""Anderson and Hsiao's instrumental variable estimate of the root in first differences."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.dynamic_panel.slopes import RootFit
from evenfield.numerics.dynamic_panel.within import CONSTANT, checked_levels
from evenfield.numerics.errors import NumericsError

FEWEST_DATES = 3


def anderson_hsiao_root(levels: np.ndarray) -> RootFit:
    """Fit dy_it = rho dy_i,t-1 + dtau_t + de_it with the level y_i,t-2 as instrument; levels (N, T + 1).

    Notes
    -----
    Anderson and Hsiao (1981).
    """
    centred = checked_levels(levels, FEWEST_DATES)
    centred = centred - centred.mean(axis=0)
    change = np.diff(centred, axis=1)
    z, dy, dlag = centred[:, :-2], change[:, 1:], change[:, :-1]
    strength = float((z * dlag).sum())
    if abs(strength) <= CONSTANT * float(np.sqrt((z**2).sum() * (dlag**2).sum())):
        raise NumericsError("the instrument does not move the lagged difference")
    rho = float((z * dy).sum()) / strength
    scores = (z * (dy - rho * dlag)).sum(axis=1)
    n = levels.shape[0]
    return RootFit(rho, float(np.sqrt(n / (n - 1) * scores @ scores)) / abs(strength), n - 1, n, levels.shape[1] - 1)
