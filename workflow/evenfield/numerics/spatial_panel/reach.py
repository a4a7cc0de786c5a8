"""Who sends and who receives: effects by unit, and effects by how many links away they
arise.

Both read one matrix per regressor, M_k = (I - rho W)^-1 (b_k I + th_k W): as a whole
between all pairs of units, or split by the power of W.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.fitted import FittedPanel


class Reach(NamedTuple):
    """Effects of one regressor by unit, units in the order of ``units``."""

    regressor: str  # the regressor
    units: tuple[str, ...]  # unit ids
    # (N, N) M_k: row i holds the response of unit i to the regressor in each unit
    matrix: Array

    @property
    def own(self) -> Array:
        """Response of each unit to itself; the mean is the direct effect."""
        return np.diag(self.matrix)

    @property
    def received(self) -> Array:
        """Response of each unit to all others together; the mean is the indirect
        effect.
        """
        return np.asarray(self.matrix.sum(axis=1) - self.own)

    @property
    def sent(self) -> Array:
        """Response of all others together to each unit; the mean is the indirect
        effect.
        """
        return np.asarray(self.matrix.sum(axis=0) - self.own)


def reach(fit: FittedPanel, regressor: str) -> Reach:
    """Return the whole matrix of effects of one regressor.

    Parameters
    ----------
    fit : FittedPanel
        A fit.
    regressor : str
        One of its regressors.

    Raises
    ------
    NumericsError
        If the regressor is unknown or N is above 3,000: the matrix is dense.

    Notes
    -----
    M_k = (I - rho W)^-1 (b_k I + th_k W), LeSage and Pace (2009, ch. 2).
    """
    beta, theta = _coefficients(fit, regressor)
    W = fit.network.dense("the effect between all pairs of units")
    impulse = beta * np.eye(fit.network.n) + theta * W
    matrix = fit.network.solve(fit.rho, impulse)
    return Reach(regressor, fit.network.units, matrix)


def _coefficients(fit: FittedPanel, regressor: str) -> tuple[float, float]:
    """Return the coefficient of a regressor and of its spatial lag."""
    if regressor not in fit.regressors:
        raise NumericsError(f"{regressor!r} is not a regressor of the model")
    return fit[regressor], fit[f"W {regressor}"] if regressor in fit.lagged else 0.0


def partition(fit: FittedPanel, regressor: str, highest: int = 8) -> Array:
    """Split the effects of one regressor by the power of W through which they run.

    Parameters
    ----------
    fit : FittedPanel
        A fit.
    regressor : str
        One of its regressors.
    highest : int
        Highest power of W.

    Returns
    -------
    ndarray, shape (highest + 1, 3)
        Direct, indirect and total effect through W^q, q = 0, 1, ...; the sum over all q
        is the whole effect.

    Notes
    -----
    M_k = b_k I + sum_q W^q (rho^q b_k + rho^(q-1) th_k). tr(W^q) is the sum of the
    entries of W^a times those of (W')^b, a + b = q, so that no power above q/2 is
    formed.
    """
    beta, theta = _coefficients(fit, regressor)
    powers = np.arange(1, highest + 1)
    through_links = fit.rho**powers * beta + fit.rho ** (powers - 1) * theta
    loads = np.concatenate([[beta], through_links])
    direct = loads * _power_traces(fit.network.matrix, highest) / fit.network.n
    total = loads * _power_sums(fit, highest)
    return np.column_stack([direct, total - direct, total])


def _power_sums(fit: FittedPanel, highest: int) -> Array:
    """Return 1'W^q 1/N for q = 0, 1, ..., ``highest``."""
    vector = np.ones(fit.network.n)
    sums = [1.0]
    for _ in range(highest):
        vector = fit.network.lag(vector)
        sums.append(float(vector.mean()))
    return np.array(sums)


def _power_traces(matrix: csr_array, highest: int) -> Array:
    # tr(W^q) = sum of W^a times (W')^b entry by entry, a + b = q.
    powers = [matrix]
    while len(powers) < (highest + 1) // 2:
        powers.append(powers[-1] @ matrix)
    traces = [float(matrix.shape[0]), 0.0]
    for q in range(2, highest + 1):
        left = powers[(q + 1) // 2 - 1]
        right = powers[q // 2 - 1]
        traces.append(float(left.multiply(right.T).sum()))
    return np.array(traces[: highest + 1])
