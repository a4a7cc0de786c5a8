"""Probabilities about ratios and sums of squared normal variables, by quadrature
instead of simulation.

A t statistic whose denominator is a mean of squares that differ in variance has no t
distribution. Its tails are one-dimensional integrals over the roots of a quadratic form.
"""

import numpy as np
from scipy.optimize import brentq

from evenfield.numerics.arrays import Array

ANGLES, ANGLE_WEIGHTS = np.polynomial.legendre.leggauss(64)
SINE_SQUARES = np.sin((ANGLES + 1) * np.pi / 4) ** 2
CONTOUR = np.linspace(0.0, 30.0, 301)
EDGE = 1e-9
NEAREST_TO_POLE = 0.05


def square_root_factors(products: Array) -> Array:
    """Factor covariances of one numerator and q denominator variables; products (G, q +
    1, q + 1).
    """
    root_q = np.sqrt(products.shape[1] - 1)
    products = products.copy()
    products[:, 1:] /= root_q
    products[:, :, 1:] /= root_q
    try:
        return np.asarray(np.linalg.cholesky(products))
    except np.linalg.LinAlgError:  # a variable that the others determine
        values, vectors = np.linalg.eigh(products)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def ratio_probability(factors: Array, critical_value: float | Array) -> Array:
    """Return P(|b'y| > critical_value sqrt(mean (v_j'y)^2)) for normal y with mean
    zero; factors (G, q + 1, q + 1), one critical value or one for each of them.

    Notes
    -----
    The difference of the squares is lam_0 z_0^2 - sum lam_j z_j^2 with one positive
    root. With eta_j = lam_j / lam_0 Craig's (1991) form of the normal tail gives (2/pi)
    int_0^(pi/2) prod_j (1 + eta_j / sin^2 t)^(-1/2) dt.
    """
    signs = np.ones(factors.shape[:2])
    signs[:, 1:] = -np.square(np.asarray(critical_value)[..., None])
    roots = np.linalg.eigvalsh(factors.mT @ (signs[..., None] * factors))
    floor = np.finfo(float).eps * np.abs(roots).max(axis=1, keepdims=True)
    positive = np.maximum(roots[:, -1:], floor)
    eta = np.maximum(-roots[:, :-1] / positive, 0.0)
    with np.errstate(over="ignore"):  # an infinite product is a tail of zero
        tails = np.prod(1.0 + eta[:, :, None] / SINE_SQUARES, axis=1)
    return np.asarray(1 / np.sqrt(tails) @ ANGLE_WEIGHTS / 2)


def shifted_probability(mu: float, eta: Array) -> float:
    """Return P((z_0 + mu)^2 > sum eta_j z_j^2) for independent standard normal z; eta
    (q,).

    Notes
    -----
    The moment generating function is integrated along the vertical line through its
    saddle point (Helstrom 1983); to the left of zero the integral is minus the
    probability of the opposite.
    """
    c = _saddle_point(mu, eta)
    s = c + 1j * abs(c) * np.sinh(CONTOUR)
    numerator = mu**2 * s / (1 - 2 * s) - 0.5 * np.log(1 - 2 * s)
    log_mgf = numerator - 0.5 * np.log1p(2 * s[:, None] * eta).sum(axis=1)
    values = (np.exp(log_mgf) / s).real * abs(c) * np.cosh(CONTOUR)
    return float(np.trapezoid(values, CONTOUR) / np.pi + (c < 0))


def _saddle_point(mu: float, eta: Array) -> float:
    low = -0.5 / eta.max()
    high = 0.5

    def slope(s: float) -> float:
        """Return the derivative of the log moment generating function."""
        numerator = mu**2 / (1 - 2 * s) ** 2 + 1 / (1 - 2 * s)
        return float(numerator - (eta / (1 + 2 * s * eta)).sum())

    # Any line between the poles gives the same integral.
    near_enough = NEAREST_TO_POLE**2 * min(-low, high)
    saddle = float(brentq(slope, low * (1 - EDGE), high * (1 - EDGE), xtol=near_enough))
    # The integrand has a pole at zero: the line stays off it.
    nearest = NEAREST_TO_POLE * (high if saddle >= 0 else low)
    return saddle if abs(saddle) > abs(nearest) else nearest
