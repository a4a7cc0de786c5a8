"""Covariance of the static models under errors that hang together within a unit over
all years.

Units count as independent of each other given W, which is what the model itself says;
the years of one unit may be correlated in any way.
"""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.effects import has_unit_effects
from evenfield.numerics.spatial_panel.information import FittedPoint


def unit_score_covariance(point: FittedPoint) -> Array:
    """Return the covariance of the score, (..., p, p), when errors of a unit are
    independent of those of others.

    Notes
    -----
    Each score is l'e + e'(A x I)e minus its mean, with e_i the path of unit i's error
    over the years. Under independence between units V = sum_i u_i u_i' + 1/2 sum_(i /=
    j) a_ij a_ij',   u_i = l_i'e_i + A_ii (e_i'e_i - mean), a_ij = (A_ij + A_ji)
    e_i'e_j, whatever the correlation over the years and the variance of a unit. Summing
    scores by unit alone would leave out that e_i'e_j stands in two of them. Times N /
    (N - 1). Arellano (1987, Oxford Bulletin 49) for l'e; Kelejian and Prucha (2010,
    Journal of Econometrics 157, eq. 2.6) for the quadratic form, there without the time
    dimension.
    """
    e = point.residuals
    s2 = point.sigma2[..., None]
    k = point.moments.k
    n = e.shape[-2]
    products = e @ e.mT
    squares = (e**2).sum(axis=-1)
    squares = squares - squares.mean(axis=-1, keepdims=True)
    # u_i of every parameter
    own = np.zeros((*e.shape[:-1], k + 3))
    linear = (point.linear.mT @ e[..., None])[..., 0]
    own[..., :-1] = linear / s2[..., None]
    for i, (gain, _) in point.gains.items():
        own[..., i] += gain * squares / s2
    own[..., -1] = squares / (2 * s2**2)
    # 1/2 sum a_ij a_ij' of the two spatial parameters
    meat = np.zeros((*e.shape[:-2], k + 3, k + 3))
    for i, (_, pairs) in point.gains.items():
        for j, (_, others) in point.gains.items():
            links = ((pairs * products) * (others * products)).sum(axis=(-2, -1))
            meat[..., i, j] = 0.5 * links / s2[..., 0] ** 2
    meat += own.mT @ own
    free = np.array(point.free)
    return np.asarray(n / (n - 1) * meat[..., free[:, None], free])


def effective_units(point: FittedPoint, weights: Array) -> float:
    """Return the effective number of units behind a combination of parameters; weights
    (p,).

    Notes
    -----
    Carter, Schnepel and Steigerwald (2017), as
    ``numerics.influence.effective_clusters`` for least squares; here the quadratic part
    of the scores of rho and lambda counts too, half of each pair of units to either.
    """
    full = np.zeros(point.moments.k + 3)
    full[point.free] = weights
    omega = _persistent(point)
    paths = point.linear @ full[:-1]
    pairs = np.zeros((len(paths), len(paths)))
    for i, (_, part) in point.gains.items():
        pairs += full[i] * part
    between = (pairs**2).sum(axis=-1)
    linear = np.einsum("it,ts,is->i", paths, omega, paths) / point.sigma2
    shares = linear + 0.5 * between * np.vdot(omega, omega)
    if not shares.any():
        return float(len(shares))
    return float(shares.sum() ** 2 / (shares @ shares))


def _persistent(point: FittedPoint) -> Array:
    """Return correlations over the years that the effective number of units is counted
    with, shape (T, T).
    """
    t = point.columns.values.shape[1]
    # ASSUME: the reference errors of the effective number of units are AR(.9); only
    # their shares by unit matter.
    years = np.arange(t)
    omega = 0.9 ** np.abs(years[:, None] - years)
    if has_unit_effects(point.effects):
        omega = omega - omega.mean(axis=0, keepdims=True)
        omega = omega - omega.mean(axis=1, keepdims=True)
    return np.asarray(omega * (t / np.trace(omega)))
