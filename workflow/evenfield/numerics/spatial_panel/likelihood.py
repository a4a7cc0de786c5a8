"""The concentrated likelihood of every static model in rho and lambda alone.

Given these two the coefficients are least squares of filtered columns, so that sums of
squares of a panel of any size reduce to quadratic forms in one small matrix.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.effects import Counts
from evenfield.numerics.spatial_panel.log_determinant import LogDeterminant

RESPONSES = 3  # y, W y, W W y


@dataclass(frozen=True)
class PanelMoments:
    """Cross-products of the demeaned columns [y, W y, W W y, X, W X] and what turns
    them into a likelihood.

    Notes
    -----
    e = (I - lambda W)(y - rho W y - X b) is linear in the columns, so that sums of
    squares of residuals and of their derivatives are quadratic forms in ``gram``. Ord
    (1975); Anselin (1988, ch. 6); Elhorst (2014, ch. 3).
    """

    # (..., 3 + 2K, 3 + 2K) cross-products, or one for each sample; zero for columns not
    # used
    gram: Array
    counts: Counts  # copies of the log-determinant and observations
    logdet: LogDeterminant  # of the weights

    @property
    def k(self) -> int:
        """Number of regressors, spatial lags of X included."""
        return int(self.gram.shape[-1] - RESPONSES) // 2

    def columns(self, rho: Array, lam: Array) -> Array:
        """Return the weights of (I - lambda W)(y - rho W y) and of (I - lambda W) X on
        the columns.
        """
        rho, lam = np.broadcast_arrays(np.asarray(rho, float), np.asarray(lam, float))
        out = np.zeros((*rho.shape, self.gram.shape[-1], 1 + self.k))
        # (I - lambda W)(I - rho W) = I - (rho + lambda) W + rho lambda W W
        out[..., 0, 0] = 1.0
        out[..., 1, 0] = -(rho + lam)
        out[..., 2, 0] = rho * lam
        own = np.arange(self.k)
        out[..., RESPONSES + own, 1 + own] = 1.0
        out[..., RESPONSES + self.k + own, 1 + own] = -lam[..., None]
        return out

    def column_slopes(self, rho: Array | float, lam: Array | float) -> Array:
        """Return the derivatives of ``columns`` in rho and in lambda; shape (2, ..., 3
        + 2K, 1 + K).
        """
        shape = (*np.shape(rho), self.gram.shape[-1], 1 + self.k)
        out = np.zeros((2, *shape))
        out[:, ..., 1, 0] = -1.0
        out[0, ..., 2, 0] = lam
        out[1, ..., 2, 0] = rho
        own = np.arange(self.k)
        out[1, ..., RESPONSES + self.k + own, 1 + own] = -1.0
        return out

    def cross_products(self, rho: Array, lam: Array) -> Array:
        """Return cross-products of the filtered outcome and regressors; rho, lam (G,)
        -> (G, 1 + K, 1 + K).
        """
        C = self.columns(rho, lam)
        return np.asarray(C.mT @ self.gram @ C)

    def least_squares(self, rho: Array, lam: Array) -> tuple[Array, Array]:
        """Return coefficients and sum of squared residuals at given spatial parameters;
        rho, lam (G,).
        """
        B = self.cross_products(rho, lam)
        solution = np.linalg.solve(B[..., 1:, 1:], B[..., 1:, :1])
        beta = np.asarray(solution[..., 0])
        explained = (B[..., 1:, 0] * beta).sum(axis=-1)
        return beta, B[..., 0, 0] - explained

    @cached_property
    def _lag_squares(self) -> Any:
        """Cross-products yy, yWy, WyWy of the outcome and its lag with the regressors
        taken out.
        """
        own = slice(RESPONSES, RESPONSES + self.k)
        cross = self.gram[..., own, :2]
        explained = cross.mT @ np.linalg.solve(self.gram[..., own, own], cross)
        left = self.gram[..., :2, :2] - explained
        squares = left[..., [0, 0, 1], [0, 1, 1]].T
        return squares if squares.ndim > 1 else squares.tolist()

    def _lag_sse(self, rho: Any) -> Any:
        # Without error dependence e'e is a parabola in rho: no system is solved.
        own, cross, lagged = self._lag_squares
        return own - 2.0 * rho * cross + rho**2 * lagged

    def lag_log_likelihood(self, rho: Array) -> Array:
        """Return ``log_likelihood`` without error dependence; rho (G,)."""
        return np.asarray(self.jacobian(rho) + self._fit(self._lag_sse(rho)))

    def lag_score(self, rho: Any) -> object:
        """Return the derivative of ``lag_log_likelihood``."""
        _, cross, lagged = self._lag_squares
        half_slope = rho * lagged - cross
        by_fit = self.counts.observations * half_slope / self._lag_sse(rho)
        return self.jacobian_slope(rho) - by_fit

    def jacobian(self, parameter: Array) -> Array:
        """Return the log-Jacobian, copies * (ln|I - d W| - drop * ln(1 - d)); parameter
        (G,).
        """
        dropped = np.log1p(-np.asarray(parameter)) if self.counts.drop else 0.0
        return np.asarray(self.counts.copies * (self.logdet.value(parameter) - dropped))

    def jacobian_slope(self, parameter: Array) -> Array:
        """Return the first derivative of ``jacobian``; parameter (G,)."""
        dropped = 1.0 / (1.0 - np.asarray(parameter)) if self.counts.drop else 0.0
        return np.asarray(self.counts.copies * (self.logdet.slope(parameter) + dropped))

    def jacobian_curvature(self, parameter: Array) -> Array:
        """Return the second derivative of ``jacobian``; parameter (G,)."""
        dropped = 1.0 / (1.0 - np.asarray(parameter)) ** 2 if self.counts.drop else 0.0
        bend = self.logdet.curvature(parameter) + dropped
        return np.asarray(self.counts.copies * bend)

    def log_likelihood(self, rho: Array, lam: Array) -> Array:
        """Return the concentrated log-likelihood; rho, lam (G,)."""
        return self.concentrated(rho, lam, self.least_squares(rho, lam)[1])

    def concentrated(self, rho: Array, lam: Array, sse: Array) -> Array:
        """Return the concentrated log-likelihood of a known sum of squared residuals;
        each (G,).
        """
        return np.asarray(self.jacobian(rho) + self.jacobian(lam) + self._fit(sse))

    def _fit(self, sse: Array) -> Array:
        # -n/2 (ln(2 pi s2) + 1) at the best variance, s2 = e'e / n
        n = self.counts.observations
        return -0.5 * n * (np.log(2.0 * np.pi * sse / n) + 1.0)

    def score(self, rho: Array, lam: Array) -> Array:
        """Return the derivatives of the concentrated log-likelihood in rho and lambda;
        rho, lam (G,) -> (2, G).

        Notes
        -----
        J'(d) - n e'e_d / e'e with e_d the derivative of the residual; that of the
        coefficients drops out because they are at their best.
        """
        rho = np.asarray(rho)
        lam = np.asarray(lam)
        beta, sse = self.least_squares(rho, lam)
        one = np.ones_like(sse)[..., None]
        mix = np.concatenate([one, -beta], axis=-1)[..., None]
        residual_slopes = (self.column_slopes(rho, lam) @ mix).mT
        slopes = 2.0 * residual_slopes @ self.gram @ self.columns(rho, lam) @ mix
        # A parameter that is exactly zero is absent: as tr(W) = 0 its slope is known,
        # and no spectrum is summed.
        none = float(self.counts.copies * self.counts.drop)
        logs = [
            self.jacobian_slope(value) if value.any() else none + 0 * value
            for value in (rho, lam)
        ]
        by_fit = 0.5 * self.counts.observations * slopes[..., 0, 0] / sse
        return np.asarray(logs - by_fit)
