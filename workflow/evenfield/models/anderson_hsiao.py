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
    from linearmodels.iv import IV2SLS

    centred = checked_levels(levels, FEWEST_DATES)
    centred = centred - centred.mean(axis=0)
    n, dates = centred.shape
    change = np.diff(centred, axis=1)
    dy = change[:, 1:].ravel()
    dlag = change[:, :-1].ravel()
    z = centred[:, :-2].ravel()
    if abs(z @ dlag) <= CONSTANT * np.sqrt((z @ z) * (dlag @ dlag)):
        raise NumericsError("the instrument does not move the lagged difference")
    units = np.repeat(np.arange(n), dates - 2)
    fit = IV2SLS(dy, None, dlag, z).fit(cov_type="clustered", clusters=units)
    # The factor N/(N-1) alone, as for least squares.
    return RootFit(
        rho=float(fit.params.iloc[0]),
        std_error=float(fit.std_errors.iloc[0] * np.sqrt(n / (n - 1))),
        df=n - 1,
        n_units=n,
        n_periods=dates - 2,  # the first change has no lag
    )
