"""Who lies within reach of whom, and least squares within parents under many draws."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE


def within_reach(distance: Array, radius: float) -> csr_array:
    """Return one where another unit lies at most a radius away; distance (N, N) -> (N,
    N).
    """
    if not radius > 0:
        raise NumericsError(f"a radius is positive, not {radius:g}")
    others = ~np.eye(len(distance), dtype=bool)
    return csr_array((others & (distance <= radius)).astype(float))


class ListFits(NamedTuple):
    """Coefficients of lists under many draws."""

    beta: Array  # (B, K)
    covariance: Array  # (B, K, K) by HC3; NaN where a draw has no fit

    def statistics(self, c: Array) -> Array:
        """Return the t statistics of c'beta, c (K,) -> (B,); NaN without a fit."""
        variance = np.einsum("k,bkl,l->b", c, self.covariance, c)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.beta @ c / np.sqrt(variance))


def list_fits(y: Array, X: Array, parents: np.ndarray, K: int) -> ListFits:
    """Regress y (B, n) on X (B, n, R) within parents (n,), sorted; the first K
    coefficients with HC3, draw by draw.

    Notes
    -----
    The regression on dummies of parents is that of y and x demeaned by parent (Frisch
    and Waugh 1933). With a_i = (X'X)^-1 x_i: b = sum_i a_i y_i, u_i = y_i - x_i'b and,
    with n_p units in the parent of i, leverage h_i = 1 / n_p + a_i'x_i. HC3 (MacKinnon
    and White 1985): sum_i a_i a_i' (u_i / (1 - h_i))^2. It is not defined where a
    regressor does not vary within parents, where regressors are collinear, and where
    one unit determines a coefficient alone (leverage 1).
    """
    length = np.sqrt(np.einsum("bnr,bnr->br", X, X))
    y = _demeaned(y, parents)
    X = _demeaned(X, parents)
    products = np.einsum("bnr,bns->brs", X, X)
    length_within = np.sqrt(np.einsum("brr->br", products))
    # What demeaning leaves of a regressor that does not vary within parents is rounding.
    varies = (length_within > RANK_TOLERANCE * length).all(axis=1)

    # Scaled to regressors of length one, whatever their units, for rank and inverse.
    scale = np.where(length_within > 0, length_within, 1.0)
    scales = scale[:, :, None] * scale[:, None, :]
    correlations = products / scales
    smallest_eigenvalue = np.linalg.eigvalsh(correlations)[:, 0]
    defined = varies & (smallest_eigenvalue > RANK_TOLERANCE)
    # All draws are inverted at once: those without a fit need some inverse.
    correlations[~defined] = np.eye(X.shape[2])
    inverse = np.linalg.inv(correlations) / scales

    A = X @ inverse
    beta = np.einsum("bnr,bn->br", A, y)
    residuals = y - np.einsum("bnr,br->bn", X, beta)
    units_of_parent = np.bincount(parents)[parents]
    leverage_within = np.einsum("bnr,bnr->bn", A, X)
    one_less_leverage = 1 - 1 / units_of_parent - leverage_within
    below_one = one_less_leverage > RANK_TOLERANCE
    defined &= below_one.all(axis=1)
    left_out = residuals / np.where(below_one, one_less_leverage, 1.0)
    # (B, n, K) what leaving out a unit takes from each coefficient
    influence = A[:, :, :K] * left_out[:, :, None]
    covariance = np.einsum("bnk,bnl->bkl", influence, influence)
    covariance[~defined] = np.nan
    return ListFits(beta=beta[:, :K], covariance=covariance)


def _demeaned(values: Array, parents: np.ndarray) -> Array:
    """Return values less the mean of their parent; values (B, n) or (B, n, R), parents
    (n,) sorted.
    """
    starts = np.flatnonzero(np.diff(parents, prepend=parents[0] - 1))
    counts = np.diff(np.append(starts, len(parents)))
    divisor = counts if values.ndim == 2 else counts[:, None]
    means = np.add.reduceat(values, starts, axis=1) / divisor
    return np.asarray(values - np.repeat(means, counts, axis=1))
