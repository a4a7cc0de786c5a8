"""A spatial Durbin model whose neighbours pull with another strength in each of two
regimes, by direct likelihood.

The two pulls are tested against one common pull by the likelihood ratio. Coefficients
and variance are concentrated out, so that only the pulls are searched.
"""

from itertools import product
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack
from scipy.special import chdtrc

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE
from evenfield.numerics.spatial import LARGEST_FOR_EIGENVALUES, Weights, dense
from evenfield.numerics.spatial_panel.likelihood_maximum import at_edge

BOUND = 0.99
STARTS = (-0.3, 0.0, 0.3)
EDGE = 1e-4
TOLERANCE = 1e-12
STEP = 1e-4
MOST_STEPS = 40  # of Newton's method
MOST_HALVINGS = 30  # of one step
NO_LOSS = 1e-9  # of the log likelihood, by rounding


class TwoRegimeFit(NamedTuple):
    """A fitted two-regime spatial lag."""

    rho_inside: float  # pull of the neighbours on units inside the regime
    rho_outside: float
    rho: float  # common pull when both are the same
    beta: Array  # (K,) coefficients at the two pulls
    sigma2: float  # variance of the innovations, e'e / N
    # of rho_inside - rho_outside, from the curvature of the concentrated likelihood
    std_error: float
    likelihood_ratio: float  # twice the gain in log likelihood over one common pull
    p_value: float  # chi-squared with one degree of freedom
    # whether a pull is at the edge of its range: the standard error then means nothing
    at_bound: bool


def two_regime_durbin(
    y: Array, X: Array, W: Weights, inside: np.ndarray
) -> TwoRegimeFit:
    """Fit y = rho_1 M W y + rho_0 (I - M) W y + X beta + e by maximum likelihood, M =
    diag(inside).

    Notes
    -----
    ln L = -N/2 ln(e'e / N) + ln|I - rho_1 M W - rho_0 (I - M) W| + constant, Elhorst
    and Freret (2009). M W has no constant row sum, so effects cannot be transformed
    away (Lee and Yu 2010): the likelihood is taken directly.
    """
    inside = np.asarray(inside, dtype=bool)
    if len(y) > LARGEST_FOR_EIGENVALUES:
        raise NumericsError(
            f"{len(y)} units, the two-regime likelihood takes at most"
            f" {LARGEST_FOR_EIGENVALUES}"
        )
    if inside.all() or not inside.any():
        raise NumericsError("two regimes need units inside and outside")
    lengths = np.linalg.norm(X, axis=0)
    # A column of zeros, such as a label that no unit has, points nowhere.
    condition = np.linalg.cond(X / lengths) if lengths.all() else np.inf
    if len(y) <= X.shape[1] + 2 or condition > 1 / RANK_TOLERANCE:
        raise NumericsError("too many or collinear regressors for the two-regime model")
    likelihood = _Concentrated(y, X, dense(W), inside)
    pulls, log_likelihood = _highest(likelihood, 2)
    common, lower = _highest(likelihood, 1)
    statistic = max(2 * (log_likelihood - lower), 0.0)
    beta, sigma2 = likelihood.rest(pulls)
    edge = any(at_edge(float(rho), -BOUND, BOUND) for rho in pulls)
    return TwoRegimeFit(
        rho_inside=float(pulls[0]),
        rho_outside=float(pulls[1]),
        rho=float(common[0]),
        beta=beta,
        sigma2=sigma2,
        std_error=float("nan") if edge else _difference_error(likelihood, pulls),
        likelihood_ratio=statistic,
        p_value=float(chdtrc(1, statistic)),
        at_bound=edge,
    )


class _Concentrated:
    """The likelihood with coefficients and variance at their best for given pulls."""

    def __init__(self, y: Array, X: Array, W: Array, inside: np.ndarray) -> None:
        self._y = y
        self._X = X
        self._parts = (inside[:, None] * W, ~inside[:, None] * W)
        basis = np.linalg.qr(X)[0]
        columns = np.column_stack([y, *(part @ y for part in self._parts)])
        # [y, M W y, (I - M) W y] with the regressors taken out
        self._free = columns - basis @ (basis.T @ columns)

    def __call__(self, pulls: Array) -> float:
        e = self._residuals(pulls)
        sign, logdet = np.linalg.slogdet(self._filter(pulls))
        if sign <= 0:
            return -np.inf
        return float(logdet - len(e) / 2 * np.log(e @ e / len(e)))

    def around(self, pulls: Array) -> tuple[float, Array, Array]:
        """Return the likelihood, its slope (P,) and its curvature (P, P) in the pulls,
        all from one decomposition of the filter A.

        Notes
        -----
        With G_r = A^-1 W_r, f_r = W_r y freed from the regressors and s = e'e,

            slope_r = N f_r'e / s - tr G_r,
            curvature_rs = 2 N (f_r'e)(f_s'e) / s^2 - N f_r'f_s / s - tr(G_r G_s).
        """
        e = self._residuals(pulls)
        n = len(e)
        factors, pivots, _ = lapack.dgetrf(self._filter(pulls))
        diagonal = np.diagonal(factors)
        swaps = np.count_nonzero(pivots != np.arange(n))
        if (np.count_nonzero(diagonal < 0) + swaps) % 2 or not diagonal.all():
            return -np.inf, np.zeros(len(pulls)), np.zeros((len(pulls),) * 2)
        inverse = lapack.dgetri(factors, pivots)[0]
        squares = e @ e
        value = np.log(np.abs(diagonal)).sum() - n / 2 * np.log(squares / n)
        G = [inverse @ part for part in self._parts]
        by_fit = self._free[:, 1:].T @ e / squares
        traces = np.array([[(a * b.T).sum() for b in G] for a in G])
        slope = n * by_fit - np.array([np.trace(one) for one in G])
        products = self._free[:, 1:].T @ self._free[:, 1:] / squares
        curvature = n * (2 * np.outer(by_fit, by_fit) - products) - traces
        if len(pulls) == 1:
            slope = slope.sum(keepdims=True)
            curvature = curvature.sum(keepdims=True)
        return float(value), slope, curvature

    def rest(self, pulls: Array) -> tuple[Array, float]:
        """Return coefficients and variance."""
        inside = pulls[0] * (self._parts[0] @ self._y)
        outside = pulls[-1] * (self._parts[1] @ self._y)
        left = self._y - inside - outside
        beta = np.linalg.lstsq(self._X, left, rcond=None)[0]
        e = left - self._X @ beta
        return beta, float(e @ e / len(e))

    def _residuals(self, pulls: Array) -> Array:
        mix = np.array([1.0, -pulls[0], -pulls[-1]])
        return np.asarray(self._free @ mix)

    def _filter(self, pulls: Array) -> Array:
        one = np.eye(len(self._y))
        left = one - pulls[0] * self._parts[0] - pulls[-1] * self._parts[1]
        return np.asarray(left)


def _highest(likelihood: _Concentrated, pulls: int) -> tuple[Array, float]:
    """Climb from several starts, since the likelihood may have several peaks."""
    peaks = [_peak(likelihood, np.full(pulls, start)) for start in STARTS]
    return max(peaks, key=itemgetter(1))


def _peak(likelihood: _Concentrated, start: Array) -> tuple[Array, float]:
    """Climb by Newton's method along the absolute curvature, so that every step leads
    up; a pull that would leave its range stays at the edge.
    """
    here = start
    value, slope, curvature = likelihood.around(here)
    for _ in range(MOST_STEPS):
        inner = (np.abs(here) < BOUND) | (here * slope < 0)
        bend, directions = np.linalg.eigh(curvature[np.ix_(inner, inner)])
        step = np.zeros(len(here))
        # Where the likelihood is flat a step is as long as the slope.
        length = np.where(bend == 0, 1.0, np.abs(bend))
        step[inner] = directions @ (directions.T @ slope[inner] / length)
        if np.abs(step).max() < TOLERANCE:
            break
        for _ in range(MOST_HALVINGS):
            there = np.clip(here + step, -BOUND, BOUND)
            around = likelihood.around(there)
            if around[0] > value - NO_LOSS:
                break
            step /= 2
        else:
            break
        here, (value, slope, curvature) = there, around
    return here, value


def _difference_error(likelihood: _Concentrated, pulls: Array) -> float:
    # Central second differences of the likelihood in the two pulls.
    steps = STEP * np.eye(2)
    signs = (1, -1)
    hessian = np.empty((2, 2))
    for i, a in enumerate(steps):
        for j, b in enumerate(steps):
            corners = product(signs, signs)
            hessian[i, j] = sum(
                s * t * likelihood(pulls + s * a + t * b) for s, t in corners
            )
    hessian /= 4 * STEP**2
    if np.linalg.eigvalsh(-hessian)[0] <= 0:
        return float("nan")
    contrast = np.array([1.0, -1.0])
    return float(np.sqrt(contrast @ np.linalg.solve(-hessian, contrast)))
