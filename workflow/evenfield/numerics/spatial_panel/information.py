"""Information matrices of the static models: observed, expected, and the score
covariance under any error law.

All are of the parameters rho, lambda, coefficients, sigma2, of which only the free ones
are kept; regressors have unit length here, and are scaled back where a fit is asked.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.columns import ModelColumns, ModelForm
from evenfield.numerics.spatial_panel.effects import (
    has_time_effects,
    has_unit_effects,
    kept_share,
    projection_power_sum,
)
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.network import Network


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
        both = b.sum(axis=1) + b.sum(axis=0)
        ones = a.sum(axis=0) @ both / len(a)
        return float(plain - self.drop * ones)


@dataclass(frozen=True)
class FittedPoint:
    """Everything an information matrix needs, of one sample or of each of several."""

    moments: PanelMoments  # cross-products
    columns: ModelColumns  # demeaned columns
    network: Network  # weights
    form: ModelForm  # which spatial parameters are free
    effects: str  # effects removed
    rho: Array  # (...) estimates
    lam: Array
    beta: Array  # (..., K) coefficients of the scaled regressors
    sigma2: Array  # (...) estimates

    @property
    def spatial(self) -> dict[str, bool]:
        """Which of the two spatial parameters are estimated."""
        return {"rho": self.form.lag, "lambda": self.form.error}

    @property
    def free(self) -> list[int]:
        """Positions of the estimated parameters among rho, lambda, coefficients,
        sigma2.
        """
        spatial = np.flatnonzero(list(self.spatial.values())).tolist()
        return [*spatial, *range(2, self.moments.k + 3)]

    @property
    def estimates(self) -> Array:
        """Estimated parameters of the regressors as they came; shape (..., p)."""
        spatial = np.stack([self.rho, self.lam], axis=-1)
        free = [*self.spatial.values()]
        parts = [spatial[..., free], self.beta / self.columns.scales]
        return np.concatenate([*parts, self.sigma2[..., None]], axis=-1)

    @property
    def unscaling(self) -> Array:
        """What takes parameters of scaled regressors to those of the regressors."""
        spatial = np.ones(self.form.lag + self.form.error)
        return np.concatenate([spatial, 1.0 / self.columns.scales, [1.0]])

    @cached_property
    def traces(self) -> _Traces:
        """W (I - d W)^-1 for rho and lambda, whole."""
        W = self.network.dense("the expected information (the observed one does not)")
        solved = (self.network.solve(self.rho, W), self.network.solve(self.lam, W))
        return _Traces(solved, self.moments.counts.drop)

    @cached_property
    def linear(self) -> Array:
        """Linear part of every score but that of the variance, times the variance;
        shape (..., N, T, 2 + K).

        Notes
        -----
        Q(I - lambda W)W S^-1(X b + effects) for rho, zero for lambda, and the filtered
        regressors.
        """
        out = -self.columns.combine(self.slope_weights)
        if self.form.lag:
            gain = self.traces.matrices[0] @ self.residuals
            out[..., 0] -= self._recentred(gain)
        out[..., 1] = 0.0
        return np.asarray(out)

    def _recentred(self, values: Array) -> Array:
        """Take the means that belong to the effects out of values (..., N, T)."""
        if self.effects == "pooled":
            values = values - values.mean(axis=(-2, -1), keepdims=True)
        if has_unit_effects(self.effects):
            values = values - values.mean(axis=-1, keepdims=True)
        if has_time_effects(self.effects):
            values = values - values.mean(axis=-2, keepdims=True)
        return values

    @cached_property
    def gains(self) -> dict[int, tuple[Array, Array]]:
        """Quadratic parts of the scores of rho (0) and lambda (1), times the variance:
        own and by pair of units.
        """
        own = np.arange(self.network.n)
        gains: dict[int, tuple[Array, Array]] = {}
        for i in [i for i in self.free if i < 2]:
            gain = self.traces.matrices[i]
            if has_time_effects(self.effects):
                gain = gain - gain.mean(axis=-2, keepdims=True)
                gain -= gain.mean(axis=-1, keepdims=True)
            pairs = gain + gain.mT
            pairs[..., own, own] = 0.0
            gains[i] = (gain[..., own, own], pairs)
        return gains

    @cached_property
    def residuals(self) -> Array:
        """Residuals, shape (..., N, T)."""
        return self.columns.combine(self.residual_weights)[..., 0]

    @cached_property
    def residual_weights(self) -> Array:
        """Weights of the residual on the columns, shape (..., 3 + 2K, 1)."""
        return np.asarray(self._columns @ self._mix)

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
        one = np.ones((*self.beta.shape[:-1], 1))
        return np.concatenate([one, -self.beta], axis=-1)[..., None]


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
    # e'e_ij is not zero for rho with lambda (WW y) and lambda with b (W X).
    cross = eG[..., 0, 2:]
    info[..., 0, 1] += cross[..., 0]
    info[..., 1, 2:-1] += cross[..., 1 + k :]
    info[..., 1, 0] = info[..., 0, 1]
    info[..., 2:-1, 1] = info[..., 1, 2:-1]
    info /= s2[..., None, None]
    info[..., 0, 0] -= point.moments.jacobian_curvature(point.rho)
    info[..., 1, 1] -= point.moments.jacobian_curvature(point.lam)
    with_variance = -(eG @ D)[..., 0, :] / s2[..., None] ** 2
    info[..., -1, :-1] = with_variance
    info[..., :-1, -1] = with_variance
    sse = (eG @ e)[..., 0, 0]
    info[..., -1, -1] = sse / s2**3 - n / (2 * s2**2)
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
    # tr(G_i G_j) + tr(G_i G_j') of the two spatial parameters, tr(G_i) with the variance
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
    linear = np.zeros((point.network.n, point.moments.k + 3))
    linear[:, :-1] = point.linear.sum(axis=1) / point.sigma2
    diagonals = _quadratic_diagonals(point)
    t = point.columns.values.shape[1]
    third, excess = _residual_moments(point)
    mixed = linear.T @ diagonals
    extra = third * (mixed + mixed.T) + excess * t * diagonals.T @ diagonals
    cov = expected_information(point) + extra[np.ix_(point.free, point.free)]
    return np.asarray(cov)


def _quadratic_diagonals(point: FittedPoint) -> Array:
    """Return the diagonals of the quadratic forms in the scores, one row per unit,
    shape (N, K + 3).
    """
    n = point.network.n
    t = point.columns.values.shape[1]
    s2 = point.sigma2
    out = np.zeros((n, point.moments.k + 3))
    over_time = 1.0 - 1.0 / t if has_unit_effects(point.effects) else 1.0
    # Demeaning over units takes a column mean out of the diagonal of A.
    averaged = {
        "pooled": n * t,
        "time": n,
        "two_way": n,
    }.get(point.effects, np.inf)
    for i, a in enumerate(point.traces.matrices):
        centred = np.diag(a) - a.sum(axis=0) / averaged
        out[:, i] = over_time * centred / s2
    out[:, -1] = kept_share(n, t, point.effects) / (2 * s2**2)
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
