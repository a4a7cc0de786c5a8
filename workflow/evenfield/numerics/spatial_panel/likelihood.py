"""The concentrated likelihood of every static model in rho and lambda alone: the panel never reappears."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.logdet import LogDeterminant
from evenfield.numerics.spatial_panel.within import Counts

RESPONSES = 3  # y, W y, W W y
SAME = 1e-10


@dataclass(frozen=True)
class PanelMoments:
    """Cross-products of the demeaned columns [y, W y, W W y, X, W X] and what turns them into a likelihood.

    Notes
    -----
    e = (I - lambda W)(y - rho W y - X b) is linear in the columns, so that sums of squares of residuals and of their
    derivatives are quadratic forms in ``gram``. Ord (1975); Anselin (1988, ch. 6); Elhorst (2014, ch. 3).
    """

    gram: np.ndarray  # (3 + 2K, 3 + 2K) cross-products; zero for columns that the model does not use
    counts: Counts  # copies of the log-determinant and observations
    logdet: LogDeterminant  # of the weights

    @property
    def k(self) -> int:
        """Number of regressors, spatial lags of X included."""
        return (len(self.gram) - RESPONSES) // 2

    def columns(self, rho: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Return the weights of (I - lambda W)(y - rho W y) and of (I - lambda W) X on the columns."""
        rho, lam = np.broadcast_arrays(np.asarray(rho, float), np.asarray(lam, float))
        out = np.zeros((*rho.shape, len(self.gram), 1 + self.k))
        out[..., 0, 0], out[..., 1, 0], out[..., 2, 0] = 1.0, -(rho + lam), rho * lam
        own = np.arange(self.k)
        out[..., RESPONSES + own, 1 + own] = 1.0
        out[..., RESPONSES + self.k + own, 1 + own] = -lam[..., None]
        return out

    def column_slopes(self, rho: float, lam: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the derivatives of ``columns`` in rho and in lambda; shape (3 + 2K, 1 + K)."""
        by_rho, by_lam = np.zeros((2, len(self.gram), 1 + self.k))
        by_rho[1, 0], by_rho[2, 0] = -1.0, lam
        by_lam[1, 0], by_lam[2, 0] = -1.0, rho
        own = np.arange(self.k)
        by_lam[RESPONSES + self.k + own, 1 + own] = -1.0
        return by_rho, by_lam

    @cached_property
    def _blocks(self) -> np.ndarray:
        """Cross-products of [outcome, X] as a polynomial: one row for each pair among 1, rho, lambda, rho * lambda."""
        one, zero = np.asarray(1.0), np.asarray(0.0)
        base = self.columns(zero, zero)
        by_rho, by_lam = self.columns(one, zero) - base, self.columns(zero, one) - base
        parts = np.stack([base, by_rho, by_lam, self.columns(one, one) - base - by_rho - by_lam])
        products = np.einsum("apk,pq,bql->abkl", parts, self.gram, parts, optimize=True)
        return np.asarray(products.reshape(len(parts) ** 2, -1))

    @cached_property
    def _slope_at_zero(self) -> float:
        """J'(0) = copies * drop, because tr(W) = 0."""
        return float(self.counts.copies * self.counts.drop)

    def cross_products(self, rho: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Return cross-products of the filtered outcome and regressors; rho, lam (G,) -> (G, 1 + K, 1 + K)."""
        powers = np.stack([np.ones_like(rho * lam), rho + 0.0 * lam, lam + 0.0 * rho, rho * lam], axis=-1)
        pairs = powers[..., :, None] * powers[..., None, :]
        return self._summed(pairs)

    def _summed(self, pairs: np.ndarray) -> np.ndarray:
        shape = (*pairs.shape[:-2], 1 + self.k, 1 + self.k)
        return np.asarray(pairs.reshape(*pairs.shape[:-2], -1) @ self._blocks).reshape(shape)

    def least_squares(self, rho: np.ndarray, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and sum of squared residuals at given spatial parameters; rho, lam (G,)."""
        B = self.cross_products(rho, lam)
        beta = np.linalg.solve(B[..., 1:, 1:], B[..., 1:, :1])[..., 0]
        return beta, B[..., 0, 0] - (B[..., 1:, 0] * beta).sum(axis=-1)

    def jacobian(self, parameter: np.ndarray) -> np.ndarray:
        """Return the log-Jacobian, copies * (ln|I - d W| - drop * ln(1 - d)); parameter (G,)."""
        dropped = np.log1p(-np.asarray(parameter)) if self.counts.drop else 0.0
        return np.asarray(self.counts.copies * (self.logdet.value(parameter) - dropped))

    def jacobian_slope(self, parameter: np.ndarray) -> np.ndarray:
        """Return the first derivative of ``jacobian``; parameter (G,)."""
        dropped = self.counts.drop / (1.0 - np.asarray(parameter)) if self.counts.drop else 0.0
        return np.asarray(self.counts.copies * (self.logdet.slope(parameter) + dropped))

    def jacobian_curvature(self, parameter: np.ndarray) -> np.ndarray:
        """Return the second derivative of ``jacobian``; parameter (G,)."""
        dropped = self.counts.drop / (1.0 - np.asarray(parameter)) ** 2 if self.counts.drop else 0.0
        return np.asarray(self.counts.copies * (self.logdet.curvature(parameter) + dropped))

    def log_likelihood(self, rho: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Return the concentrated log-likelihood; rho, lam (G,)."""
        n, sse = self.counts.observations, self.least_squares(rho, lam)[1]
        fit = -0.5 * n * (np.log(2.0 * np.pi * sse / n) + 1.0)
        return np.asarray(self.jacobian(rho) + self.jacobian(lam) + fit)

    def score(self, rho: float, lam: float) -> np.ndarray:
        """Return the derivatives of the concentrated log-likelihood in rho and lambda; shape (2,)."""
        at = np.asarray(rho), np.asarray(lam)
        beta, sse = self.least_squares(*at)
        mix, powers = np.concatenate([[1.0], -beta]), np.array([1.0, rho, lam, rho * lam])
        changes = np.array([[0.0, 1.0, 0.0, lam], [0.0, 0.0, 1.0, rho]])
        slopes = mix @ self._summed(2.0 * powers[:, None] * changes[:, None, :]) @ mix
        # A parameter that is exactly zero is absent (or has slope copies * drop): no spectrum is summed for it.
        logs = np.array([float(self.jacobian_slope(value)) if value else self._slope_at_zero for value in at])
        return np.asarray(logs - 0.5 * self.counts.observations * slopes / sse)


def check_regressors(gram: np.ndarray, raw_squares: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse regressors that vanish with the effects or are collinear; gram (K, K), raw_squares (K,)."""
    squares = np.diag(gram)
    flat = np.flatnonzero(squares <= SAME**2 * raw_squares)
    if len(flat):
        raise NumericsError(f"{len(flat)} regressors do not vary once the effects are removed, first {names[flat[0]]}")
    root = np.sqrt(squares)
    values, vectors = np.linalg.eigh(gram / np.outer(root, root))
    if values[0] < SAME:
        worst = [names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:2]]
        raise NumericsError(f"the regressors are collinear once the effects are removed, see {' and '.join(worst)}")
