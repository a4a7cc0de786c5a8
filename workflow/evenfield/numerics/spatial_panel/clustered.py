"""Covariance of the static models under errors that hang together within a unit over all years."""

import numpy as np

from evenfield.numerics.spatial_panel.information import FittedPoint


def unit_score_covariance(point: FittedPoint) -> np.ndarray:
    """Return the covariance of the score when errors are independent between units and anything within them.

    Notes
    -----
    Each score is l'e + e'(A x I)e minus its mean, with e_i the path of unit i's error over the years. Under
    independence between units
    V = sum_i u_i u_i' + 1/2 sum_(i /= j) a_ij a_ij',   u_i = l_i'e_i + A_ii (e_i'e_i - mean),
    a_ij = (A_ij + A_ji) e_i'e_j,
    whatever the correlation over the years and the variance of a unit. Summing scores by unit alone would leave out
    that e_i'e_j stands in two of them. Times N / (N - 1). Arellano (1987, Oxford Bulletin 49) for l'e; Kelejian and
    Prucha (2010, Journal of Econometrics 157, eq. 2.6) for the quadratic form, there without the time dimension.
    """
    e, s2, k = point.columns.combine(point.residual_weights), point.sigma2, point.moments.k
    products, n = e @ e.T, len(e)
    own, meat = np.zeros((n, k + 3)), np.zeros((k + 3, k + 3))
    own[:, :-1] = np.einsum("itp,it->ip", point.linear, e) / s2
    squares = np.diag(products) - np.diag(products).mean()
    for i, (gain, pairs) in point.gains.items():
        own[:, i] += gain * squares / s2
        for j, (_, others) in point.gains.items():
            meat[i, j] = 0.5 * np.einsum("ij,ij,ij,ij->", pairs, others, products, products) / s2**2
    own[:, -1] = squares / (2 * s2**2)
    meat += own.T @ own
    return np.asarray(n / (n - 1) * meat[np.ix_(point.free, point.free)])


def effective_units(point: FittedPoint, weights: np.ndarray) -> float:
    """Return the effective number of units behind a combination of parameters; weights (p,).

    Notes
    -----
    Carter, Schnepel and Steigerwald (2017), as ``numerics.influence.effective_clusters`` for least squares; here the
    quadratic part of the scores of rho and lambda counts too, half of each pair of units to either.
    """
    full = np.zeros(point.moments.k + 3)
    full[point.free] = weights
    omega = _persistent(point)
    paths = point.linear @ full[:-1]
    pairs = np.asarray(sum(full[i] * part for i, (_, part) in point.gains.items()))
    between = (pairs**2).sum(axis=-1) if point.gains else 0.0
    linear = np.einsum("it,ts,is->i", paths, omega, paths) / point.sigma2
    shares = linear + 0.5 * between * np.vdot(omega, omega)
    return float(shares.sum() ** 2 / (shares @ shares)) if shares.any() else float(len(shares))


def _persistent(point: FittedPoint) -> np.ndarray:
    """Return correlations over the years that the effective number of units is counted with, shape (T, T)."""
    t = point.columns.values.shape[1]
    # ASSUME: the reference errors of the effective number of units are AR(.9); only their shares by unit matter.
    omega = 0.9 ** np.abs(np.arange(t)[:, None] - np.arange(t)[None, :])
    if point.effects in ("unit", "two_way"):
        omega = omega - omega.mean(axis=0, keepdims=True)
        omega = omega - omega.mean(axis=1, keepdims=True)
    return np.asarray(omega * (t / np.trace(omega)))
