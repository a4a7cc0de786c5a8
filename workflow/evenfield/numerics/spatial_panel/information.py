"""Information matrices of the static models: observed, expected, and the score
covariance under any error law.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import ModelColumns, ModelForm
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import kept_share, projection_power_sum

LARGEST_DENSE = 3000


class _Traces(NamedTuple):
    """Dense W (I - d W)^-1 for rho and lambda, with traces that leave out the constant
    vector where it is dropped.
    """

    matrices: tuple[Array, Array]
    drop: int

    def single(self, i: int) -> float:
        a = self.matrices[i]
        return float(np.trace(a) - self.drop * a.sum() / len(a))

    def pair(self, i: int, j: int) -> float:
        a = self.matrices[i]
        b = self.matrices[j]
        plain = np.sum(a * b.T) + np.sum(a * b)
        ones = a.sum(axis=0) @ (b.sum(axis=1) + b.sum(axis=0)) / len(a)
        return float(plain - self.drop * ones)


@dataclass(frozen=True)
class FittedPoint:
    """Everything an information matrix needs; parameters in the order rho, lambda,
    coefficients, sigma2.
    """

    moments: PanelMoments  # cross-products
    columns: ModelColumns  # demeaned columns
    network: Network  # weights
    form: ModelForm  # which spatial parameters are free
    effects: str  # effects removed
    rho: Array  # (...) estimates, of one sample or of each of several
    lam: Array
    beta: Array  # (..., K) coefficients of the scaled regressors
    sigma2: Array  # (...) estimates

    @property
    def free(self) -> list[int]:
        """Positions of the estimated parameters among rho, lambda, coefficients,
        sigma2.
        """
        spatial = [
            i
            for i, state in enumerate((self.form.lag, self.form.error))
            if state == "free"
        ]
        return [*spatial, *range(2, self.moments.k + 3)]

    @cached_property
    def traces(self) -> _Traces:
        """W (I - d W)^-1 for rho and lambda, whole."""
        n = self.network.n
        if n > LARGEST_DENSE:
            raise NumericsError(
                f"the expected information of {n} units needs a dense inverse; use the"
                " observed one"
            )
        W = self.network.matrix.toarray()
        solved = (self.network.solve(self.rho, W), self.network.solve(self.lam, W))
        return _Traces(solved, self.moments.counts.drop)

    @cached_property
    def linear(self) -> Array:
        """Linear part of every score but that of the variance, times the variance;
        shape (..., N, T, 2 + K).
        """
        return _linear(self)

    @cached_property
    def gains(self) -> dict[int, tuple[Array, Array]]:
        """Quadratic parts of the scores of rho (0) and lambda (1), times the variance:
        own and by pair of units.
        """
        gains_by_rho: dict[int, tuple[Array, Array]] = {}
        for i in (i for i in (0, 1) if i in self.free):
            gain = self.traces.matrices[i]
            if self.effects in ("time", "two_way"):
                gain = gain - gain.mean(axis=-2, keepdims=True)
                gain -= gain.mean(axis=-1, keepdims=True)
            pairs = gain + gain.mT
            own = np.arange(self.network.n)
            pairs[..., own, own] = 0.0
            gains_by_rho[i] = (gain[..., own, own], pairs)
        return gains_by_rho

    @cached_property
    def residuals(self) -> Array:
        """Residuals, shape (..., N, T)."""
        return self.columns.combine(self.residual_weights)[..., 0]

    @cached_property
    def residual_weights(self) -> Array:
        """Weights of the residual on the columns, shape (..., 3 + 2K, 1)."""
        return self._columns @ self._mix

    @cached_property
    def slope_weights(self) -> Array:
        """Weights of the residual's derivatives in rho, lambda and the coefficients,
        shape (..., 3 + 2K, 2 + K).
        """
        by_rho, by_lam = self.moments.column_slopes(self.rho, self.lam) @ self._mix
        return np.concatenate([by_rho, by_lam, -self._columns[..., 1:]], axis=-1)

    @cached_property
    def _columns(self) -> Array:
        return self.moments.columns(self.rho, self.lam)

    @property
    def _mix(self) -> Array:
        return np.concatenate(
            [np.ones((*self.beta.shape[:-1], 1)), -self.beta], axis=-1
        )[..., None]


def observed_information(point: FittedPoint) -> Array:
    """Return minus the Hessian of the log-likelihood, analytically; shape (..., p, p).

    Notes
    -----
    With e the residual and e_i its derivatives: (e_i'e_j + e'e_ij) / s2 - J''(d) for
    the spatial parameters and the coefficients, -e'e_i / s2^2 with the variance, e'e /
    s2^3 - n / (2 s2^2) for the variance. No trace is needed beyond the second
    derivative of the stored log-determinant.
    """
    e = point.residual_weights
    D = point.slope_weights
    s2 = point.sigma2
    k = point.moments.k
    n = point.moments.counts.observations
    eG = e.mT @ point.moments.gram
    info = np.zeros((*s2.shape, k + 3, k + 3))
    info[..., :-1, :-1] = D.mT @ point.moments.gram @ D
    cross = eG[..., 0, 2:]
    info[..., 0, 1] += cross[..., 0]
    info[..., 1, 2:-1] += cross[..., 1 + k :]
    info[..., 1, 0], info[..., 2:-1, 1] = info[..., 0, 1], info[..., 1, 2:-1]
    info /= s2[..., None, None]
    for i, value in enumerate((point.rho, point.lam)):
        info[..., i, i] -= point.moments.jacobian_curvature(value)
    info[..., -1, :-1] = info[..., :-1, -1] = -(eG @ D)[..., 0, :] / s2[..., None] ** 2
    info[..., -1, -1] = (eG @ e)[..., 0, 0] / s2**3 - n / (2 * s2**2)
    return info[..., np.array(point.free)[:, None], point.free]


def expected_information(point: FittedPoint) -> Array:
    """Return the information matrix under normal errors at the estimates; shape (p, p).

    Notes
    -----
    Anselin (1988, ch. 6); Elhorst (2014, ch. 3); for transformed models Lee and Yu
    (2010): traces of F'WF and the effective number of observations take the place of
    those of W and NT.
    """
    k = point.moments.k
    s2 = point.sigma2
    counts = point.moments.counts
    traces = point.traces
    flat = point.linear.reshape(-1, k + 2)
    info = np.zeros((k + 3, k + 3))
    info[:-1, :-1] = flat.T @ flat / s2
    for i in (0, 1):
        for j in (0, 1):
            info[i, j] += counts.copies * traces.pair(i, j)
        info[i, -1] = info[-1, i] = counts.copies * traces.single(i) / s2
    info[-1, -1] = counts.observations / (2 * s2**2)
    return info[np.ix_(point.free, point.free)]


def score_covariance(point: FittedPoint) -> Array:
    """Return the covariance of the score when errors are independent and identical but
    not normal; shape (p, p).

    Notes
    -----
    Lee (2004, Econometrica 72, eq. 3.9); Lee and Yu (2010, appendix). Each score is a
    linear form l'e plus a quadratic form e'A e; what non-normality adds is mu_3 (l'diag
    A + ...) + (mu_4 - 3 s^4) diag A'diag A. Moments of the errors are recovered from
    demeaned residuals by their exact weights in Q.
    """
    s2 = point.sigma2
    k = point.moments.k
    linear = np.zeros((point.network.n, k + 3))
    linear[:, :-1] = point.linear.sum(axis=1) / s2
    diagonals = _quadratic_diagonals(point)
    t = point.columns.values.shape[1]
    third, excess = _residual_moments(point)
    mixed = linear.T @ diagonals
    extra = third * (mixed + mixed.T) + excess * t * diagonals.T @ diagonals
    return np.asarray(
        expected_information(point) + extra[np.ix_(point.free, point.free)]
    )


def _linear(point: FittedPoint) -> Array:
    """Return Q(I - lambda W)W S^-1(X b + effects), zero, and the filtered regressors,
    shape (..., N, T, 2 + K).
    """
    out = -point.columns.combine(point.slope_weights)
    if 0 in point.free:
        out[..., 0] -= _recentred(
            point.traces.matrices[0] @ point.residuals, point.effects
        )
    out[..., 1] = 0.0
    return out


def _recentred(values: Array, effects: str) -> Array:
    out = (
        values - values.mean(axis=(-2, -1), keepdims=True)
        if effects == "pooled"
        else values
    )
    out = (
        out - out.mean(axis=-1, keepdims=True)
        if effects in ("unit", "two_way")
        else out
    )
    return (
        out - out.mean(axis=-2, keepdims=True)
        if effects in ("time", "two_way")
        else out
    )


def _quadratic_diagonals(point: FittedPoint) -> Array:
    """Return the diagonals of the quadratic forms in the scores, one row per unit,
    shape (N, K + 3).
    """
    n = point.network.n
    t = point.columns.values.shape[1]
    s2 = point.sigma2
    keep = kept_share(n, t, point.effects)
    out = np.zeros((n, point.moments.k + 3))
    over_time = 1.0 - 1.0 / t if point.effects in ("unit", "two_way") else 1.0
    for i, a in enumerate(point.traces.matrices):
        free_values = {"pooled": n * t, "time": n, "two_way": n}.get(point.effects)
        centred = np.diag(a) - (a.sum(axis=0) / free_values if free_values else 0.0)
        out[:, i] = over_time * centred / s2
    out[:, -1] = keep / (2 * s2**2)
    return out


def _residual_moments(point: FittedPoint) -> tuple[float, float]:
    """Return mu_3 and mu_4 - 3 s^4 of the errors."""
    n = point.network.n
    t = point.columns.values.shape[1]
    e = point.residuals
    keep = kept_share(n, t, point.effects)
    s2 = float(np.mean(e**2)) / keep
    third = float(np.sum(e**3)) / projection_power_sum(n, t, point.effects, 3)
    fourth = float(np.sum(e**4)) - 3 * s2**2 * n * t * keep**2
    return third, fourth / projection_power_sum(n, t, point.effects, 4)
