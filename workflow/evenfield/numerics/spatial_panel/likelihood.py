"""The concentrated likelihood of every static model in rho and lambda alone, and its
maximum.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar, root
from scipy.optimize.elementwise import find_root

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.network import LogDeterminant
from evenfield.numerics.spatial_panel.panel import Counts

RESPONSES = 3  # y, W y, W W y
SAME = 1e-10


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
        out[..., 0, 0], out[..., 1, 0], out[..., 2, 0] = 1.0, -(rho + lam), rho * lam
        own = np.arange(self.k)
        out[..., RESPONSES + own, 1 + own] = 1.0
        out[..., RESPONSES + self.k + own, 1 + own] = -lam[..., None]
        return out

    def column_slopes(self, rho: Array | float, lam: Array | float) -> Array:
        """Return the derivatives of ``columns`` in rho and in lambda; shape (2, ..., 3
        + 2K, 1 + K).
        """
        out = np.zeros((2, *np.shape(rho), self.gram.shape[-1], 1 + self.k))
        out[:, ..., 1, 0], out[0, ..., 2, 0], out[1, ..., 2, 0] = -1.0, lam, rho
        own = np.arange(self.k)
        out[1, ..., RESPONSES + self.k + own, 1 + own] = -1.0
        return out

    def cross_products(self, rho: Array, lam: Array) -> Array:
        """Return cross-products of the filtered outcome and regressors; rho, lam (G,)
        -> (G, 1 + K, 1 + K).
        """
        C = self.columns(rho, lam)
        return np.swapaxes(C, -1, -2) @ self.gram @ C

    def least_squares(self, rho: Array, lam: Array) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and sum of squared residuals at given spatial parameters;
        rho, lam (G,).
        """
        B = self.cross_products(rho, lam)
        beta = np.linalg.solve(B[..., 1:, 1:], B[..., 1:, :1])[..., 0]
        return beta, B[..., 0, 0] - (B[..., 1:, 0] * beta).sum(axis=-1)

    @cached_property
    def _lag_squares(self) -> Any:
        """Cross-products yy, yWy, WyWy of the outcome and its lag with the regressors
        taken out.
        """
        own = slice(RESPONSES, RESPONSES + self.k)
        cross = self.gram[..., own, :2]
        left = self.gram[..., :2, :2] - cross.mT @ np.linalg.solve(
            self.gram[..., own, own], cross
        )
        squares = left[..., [0, 0, 1], [0, 1, 1]].T
        return squares if squares.ndim > 1 else squares.tolist()

    def lag_log_likelihood(self, rho: Array) -> Array:
        """Return ``log_likelihood`` without error dependence; rho (G,)."""
        own, cross, lagged = self._lag_squares
        return self.jacobian(rho) + self._fit(own - 2.0 * rho * cross + rho**2 * lagged)

    def lag_score(self, rho: Any) -> Any:
        """Return the derivative of ``lag_log_likelihood``."""
        own, cross, lagged = self._lag_squares
        sse = own - 2.0 * rho * cross + rho**2 * lagged
        return (
            self.jacobian_slope(rho)
            - self.counts.observations * (rho * lagged - cross) / sse
        )

    def jacobian(self, parameter: Array) -> Array:
        """Return the log-Jacobian, copies * (ln|I - d W| - drop * ln(1 - d)); parameter
        (G,).
        """
        dropped = np.log1p(-np.asarray(parameter)) if self.counts.drop else 0.0
        return self.counts.copies * (self.logdet.value(parameter) - dropped)

    def jacobian_slope(self, parameter: Array) -> Array:
        """Return the first derivative of ``jacobian``; parameter (G,)."""
        dropped = (
            self.counts.drop / (1.0 - np.asarray(parameter))
            if self.counts.drop
            else 0.0
        )
        return self.counts.copies * (self.logdet.slope(parameter) + dropped)

    def jacobian_curvature(self, parameter: Array) -> Array:
        """Return the second derivative of ``jacobian``; parameter (G,)."""
        dropped = (
            self.counts.drop / (1.0 - np.asarray(parameter)) ** 2
            if self.counts.drop
            else 0.0
        )
        return self.counts.copies * (self.logdet.curvature(parameter) + dropped)

    def log_likelihood(self, rho: Array, lam: Array) -> Array:
        """Return the concentrated log-likelihood; rho, lam (G,)."""
        return self.concentrated(rho, lam, self.least_squares(rho, lam)[1])

    def concentrated(self, rho: Array, lam: Array, sse: Array) -> Array:
        """Return the concentrated log-likelihood of a known sum of squared residuals;
        each (G,).
        """
        return self.jacobian(rho) + self.jacobian(lam) + self._fit(sse)

    def _fit(self, sse: Array) -> Array:
        n = self.counts.observations
        return -0.5 * n * (np.log(2.0 * np.pi * sse / n) + 1.0)

    def score(self, rho: Array, lam: Array) -> Array:
        """Return the derivatives of the concentrated log-likelihood in rho and lambda;
        rho, lam (G,) -> (2, G).
        """
        rho = np.asarray(rho)
        lam = np.asarray(lam)
        beta, sse = self.least_squares(rho, lam)
        mix = np.concatenate([np.ones_like(sse)[..., None], -beta], axis=-1)[..., None]
        slopes = (
            2.0
            * (self.column_slopes(rho, lam) @ mix).mT
            @ self.gram
            @ self.columns(rho, lam)
            @ mix
        )
        # A parameter that is exactly zero is absent: as tr(W) = 0 its slope is known,
        # and no spectrum is summed.
        none = float(self.counts.copies * self.counts.drop)
        logs = [
            self.jacobian_slope(value) if value.any() else none + 0 * value
            for value in (rho, lam)
        ]
        return np.asarray(
            logs - 0.5 * self.counts.observations * slopes[..., 0, 0] / sse
        )


def check_regressors(gram: Array, raw_squares: Array, names: tuple[str, ...]) -> None:
    """Refuse regressors that vanish with the effects or are collinear; gram (K, K),
    raw_squares (K,).
    """
    squares = np.diag(gram)
    flat = np.flatnonzero(squares <= SAME**2 * raw_squares)
    if len(flat):
        verb = "regressor does" if len(flat) == 1 else "regressors do"
        raise NumericsError(
            f"{len(flat)} {verb} not vary once the effects are removed, first"
            f" {names[flat[0]]}"
        )
    root = np.sqrt(squares)
    values, vectors = np.linalg.eigh(gram / np.outer(root, root))
    if values[0] < SAME:
        worst = [names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:2]]
        raise NumericsError(
            "the regressors are collinear once the effects are removed, see"
            f" {' and '.join(worst)}"
        )


Searched = Callable[[Any], Any]
COARSE = 32
COARSE_PAIR = 25
STARTS = 4
EDGE = 1e-6
ANYWHERE = (0.0, 0.0)
# ASSUME: an estimate within this share of its range from an end is not told from the
# end.
EDGE_SHARE = 1e-4
ROOT = 1e-13
STATIONARY = 1e-5
CLOSE = 1e-8
SECANTS = 9


class Optimum(NamedTuple):
    """The best spatial parameters."""

    # lag and error parameter, of one sample or (B,); zero where the model has none
    rho: Any
    lam: Any  # lag and error parameter; zero where the model has none
    at_bound: Any  # whether a spatial parameter is at the edge of its range


def at_edge(value: Any, low: float, high: float) -> Any:
    """Whether a spatial parameter is at the edge of its range (low, high), where 1 / (1
    - rho) is not known.
    """
    return (value - low < EDGE_SHARE * (high - low)) | (
        high - value < EDGE_SHARE * (high - low)
    )


def highest_likelihood(
    moments: PanelMoments, lag: str, error: str, near: tuple[float, float] = ANYWHERE
) -> Optimum:
    """Maximise the concentrated likelihood; a peak of its one parameter between the
    ends ``near`` ends the search.
    """
    low, high = moments.logdet.domain
    if lag == error == "none":
        return Optimum(0.0, 0.0, False)
    if lag == error:
        return _best_pair(moments, low, high)
    optimum, bound = _best_single(*_profile(moments, lag), low, high, near)
    return Optimum(
        *((optimum, 0.0) if lag == "free" else (0.0, optimum)),
        bound or at_edge(optimum, low, high),
    )


def highest_likelihoods(moments: PanelMoments, lag: str, error: str) -> Optimum:
    """Maximise the concentrated likelihood of each of B samples, all at once where it
    has one parameter.
    """
    low, high = moments.logdet.domain
    each = [replace(moments, gram=gram) for gram in moments.gram]
    if lag == error:
        return Optimum(
            *np.array([highest_likelihood(one, lag, error) for one in each])
            .reshape(-1, 3)
            .T
        )
    points = coarse_points(low, high, COARSE)
    value, _ = _profile(moments, lag)
    top = np.argmax(value(points[:, None]), axis=0)
    ends = points[np.maximum(top - 1, 0)], points[np.minimum(top + 1, COARSE - 1)]

    def slope(d: Array, sample: Array) -> Any:
        return _profile(replace(moments, gram=moments.gram[sample]), lag)[1](d)

    result = find_root(slope, ends, args=(np.arange(len(top)),))
    best = np.array(result.x)
    bound = np.zeros(len(top), dtype=bool)
    for i in np.flatnonzero(
        ~(result.success & (result.f_bracket[0] >= result.f_bracket[1]))
    ):
        best[i], bound[i] = _best_single(*_profile(each[i], lag), low, high)
    rho = best if lag == "free" else np.zeros(len(top))
    return Optimum(rho, best - rho, bound | at_edge(best, low, high))


def _profile(moments: PanelMoments, lag: str) -> tuple[Searched, Searched]:
    """Return the likelihood in its one spatial parameter, and its derivative."""
    if lag == "free":
        return moments.lag_log_likelihood, moments.lag_score
    return (
        lambda d: moments.log_likelihood(0 * d, d),
        lambda d: moments.score(0 * d, d)[1],
    )


def coarse_points(low: float, high: float, count: int) -> Array:
    """Return points over the open range (low, high), closer together near its ends;
    shape (count,).
    """
    middle = (low + high) / 2
    half = (high - low) / 2 * (1.0 - EDGE)
    return middle - half * np.cos(np.pi * np.arange(count) / (count - 1))


def _best_single(
    value: Searched,
    slope: Searched,
    low: float,
    high: float,
    near: tuple[float, float] = ANYWHERE,
) -> tuple[float, bool]:
    left = max(near[0], low * (1.0 - EDGE))
    right = min(near[1], high * (1.0 - EDGE))
    if left < right and (rise := float(slope(left))) > 0 > (
        fall := float(slope(right))
    ):
        for _ in range(SECANTS):
            # The error after a secant's step of this length is below the last bit.
            if abs(step := fall * (right - left) / (fall - rise or np.inf)) < CLOSE:
                return right - step, False
            left, right, rise, fall = (
                right,
                right - step,
                fall,
                float(slope(right - step)),
            )
    points = coarse_points(low, high, COARSE)
    top = int(np.argmax(value(points)))
    left = points[max(top - 1, 0)]
    right = points[min(top + 1, COARSE - 1)]
    if slope(left) > 0 > slope(right):
        return (
            float(brentq(slope, left, right, xtol=ROOT, rtol=4 * np.finfo(float).eps)),
            False,
        )
    if top in (0, COARSE - 1):
        return float(points[top]), True
    ends = (float(left), float(right))
    optimum = minimize_scalar(
        lambda d: -float(value(d)),
        bounds=ends,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(optimum.x), False


def _best_pair(moments: PanelMoments, low: float, high: float) -> Optimum:
    """Search rho and lambda together: their likelihood often has two peaks, so several
    starts are followed.
    """
    points = coarse_points(low, high, COARSE_PAIR)
    rho, lam = (side.ravel() for side in np.meshgrid(points, points, indexing="ij"))
    log_likelihood = moments.log_likelihood(rho, lam).reshape(COARSE_PAIR, COARSE_PAIR)
    optima = [
        _climbed(moments, np.array([points[i], points[j]]), low, high)
        for i, j in _peaks(log_likelihood)[:STARTS]
    ]
    return Optimum(*max(optima, key=lambda position: position[0])[1:])


def _climbed(
    moments: PanelMoments, start: Array, low: float, high: float
) -> tuple[float, float, float, bool]:
    """Climb to the peak above a start; return its height, rho, lambda and whether it
    lies on the edge.
    """
    edges = tuple(coarse_points(low, high, 2))

    def depth(pair: Array) -> tuple[float, Array]:
        return -float(moments.log_likelihood(*pair)), -moments.score(*pair)

    def slope(pair: Array) -> Array:
        return moments.score(*np.clip(pair, *edges))

    climbed = minimize(depth, start, jac=True, method="L-BFGS-B", bounds=[edges, edges])
    polished = np.clip(root(slope, climbed.x, tol=ROOT).x, *edges)
    flat = np.abs(slope(polished)).max() < STATIONARY * moments.counts.observations
    better = flat and depth(polished)[0] <= climbed.fun + ROOT * abs(climbed.fun)
    best = polished if better else climbed.x
    return (
        -depth(best)[0],
        float(best[0]),
        float(best[1]),
        any(at_edge(float(d), low, high) for d in best),
    )


def _peaks(log_likelihood: Array) -> list[tuple[int, int]]:
    """List the points of the grid that no neighbour tops, highest first."""
    padded = np.pad(log_likelihood, 1, constant_values=-np.inf)
    size = len(log_likelihood)
    around = [
        padded[1 + i : 1 + i + size, 1 + j : 1 + j + size]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    ]
    peaks = np.argwhere(log_likelihood >= np.max(around, axis=0))
    return [
        (int(i), int(j))
        for i, j in sorted(
            peaks.tolist(),
            key=lambda position: -log_likelihood[position[0], position[1]],
        )
    ]
