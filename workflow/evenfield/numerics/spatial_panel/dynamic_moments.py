"""The likelihood of a dynamic spatial panel in rho, tau and eta, and its adjustment.

Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu + alpha_t 1 + e_t.
Demeaning over the periods biases the score, by sums over powers of A = (I - rho W)^-1
(tau I + eta W); these depend on the eigenvalues of W alone and are added back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import with_lags
from evenfield.numerics.spatial_panel.effects import demeaned
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

DYNAMICS = ("rho", "tau", "eta")
HEAD = 4  # y, W y, y_(t-1), W y_(t-1)
DEPENDENT = 1e-10
FEWEST_PERIODS = 4


@dataclass(frozen=True)
class DynamicMoments:
    """Cross-products of the demeaned columns [y, W y, y_(t-1), W y_(t-1), X] and the
    eigenvalues of the weights.

    Dynamics are the three parameters rho, tau, eta. ``strength`` is the share of the
    adjustment that enters: 0 is the likelihood, 1 the adjusted score.
    """

    gram: Array  # (4 + K, 4 + K) cross-products
    n: int  # units
    t: int  # periods, the first with a lag counted first
    omega: Array  # (N - 1,) eigenvalues of W without the one of the constant vector
    # which of rho, tau, eta (0, 1, 2) are estimated; the others are zero
    free: tuple[int, ...]

    @property
    def estimated(self) -> np.ndarray:
        """Rows and columns, among rho, tau, eta and the regressors' coefficients, of
        what is estimated.
        """
        regressors = self.gram.shape[-1] - HEAD
        return np.array([*self.free, *range(3, 3 + regressors)])

    @cached_property
    def partialled(self) -> Array:
        """Cross-products of the first four columns with the regressors taken out, shape
        (4, 4).
        """
        cross = self.gram[:HEAD, HEAD:]
        inner = self.gram[HEAD:, HEAD:]
        return np.asarray(
            self.gram[:HEAD, :HEAD] - cross @ np.linalg.solve(inner, cross.T)
        )

    def slopes(self, dynamics: Array) -> Array:
        """Return the coefficients of the regressors at given dynamics; shape (K,)."""
        outcome = self.gram[HEAD:, :HEAD] @ _residual(dynamics)[:, None]
        solution = np.linalg.solve(self.gram[HEAD:, HEAD:], outcome)
        return np.asarray(solution[:, 0])

    def score(self, dynamics: Array, strength: float) -> Array:
        """Return the concentrated score in rho, tau, eta, adjusted for the unit
        effects; shape (3,).
        """
        v = _residual(dynamics)
        cross = (self.partialled @ v[:, None])[:, 0]
        m = (self.n - 1) * (self.t - strength)
        by_fit = m * cross[1:] / (v * cross).sum(axis=-1, keepdims=True)
        out = by_fit + strength * self.adjustment(dynamics)
        # ln|I - rho W| counts T times, T - 1 times once the effects are adjusted for.
        out[0] -= (self.t - strength) * _sum(self.omega * self._roots(dynamics)[1])
        return np.asarray(out)

    def slope_matrix(self, dynamics: Array, strength: float) -> Array:
        """Return the derivatives of the score in rho, tau, eta and, with them, in the
        regressors' coefficients.
        """
        out = -self.information(dynamics, strength)
        out[:3, :3] += strength * self._adjustment_slopes(dynamics)
        return out

    def information(self, dynamics: Array, strength: float) -> Array:
        """Return minus the derivatives of the score without those of the adjustment."""
        v = np.concatenate([_residual(dynamics), -self.slopes(dynamics)])[:, None]
        cross = self.gram @ v
        m = (self.n - 1) * (self.t - strength)
        sse = v.T @ cross
        moved = cross[1:]
        # d/db' of m Z'e / e'e, with Z the columns and e the residual
        by_fit = 2 * moved * moved.T / sse**2
        out = m * (self.gram[1:, 1:] / sse - by_fit)
        curvature = _sum((self.omega * self._roots(dynamics)[1]) ** 2)
        out[0, 0] += (self.t - strength) * curvature
        return np.asarray(out)

    def covariance(self, dynamics: Array, strength: float) -> Array:
        """Return the covariance of all estimates, zero for parameters that are held at
        zero; shape (P, P).

        Notes
        -----
        D^-1 I D^-1' with I the information and D the derivative of the adjusted score.
        """
        block = np.ix_(self.estimated, self.estimated)
        bread = np.linalg.inv(self.slope_matrix(dynamics, strength)[block])
        out = np.zeros_like(self.gram[1:, 1:])
        out[block] = bread @ self.information(dynamics, strength)[block] @ bread.T
        return out

    def variance(self, dynamics: Array, strength: float) -> float:
        """Return the variance of the shocks, e'e / ((N - 1)(T - s))."""
        v = _residual(dynamics)
        return float(v @ self.partialled @ v / ((self.n - 1) * (self.t - strength)))

    def limit_adjustment(self, dynamics: Array) -> Array:
        """Return the adjustment with sums over all past periods in place of the
        sample's, sum_j A^j = (I - A)^-1; NaN where unstable.
        """
        a, s = self._roots(dynamics)
        if not np.abs(a).max() < 1:
            return np.full(3, np.nan)
        return self._weighted(s / (1 - a), a)

    def _roots(self, dynamics: Array) -> tuple[Array, Array]:
        """Return the eigenvalues of A and of (I - rho W)^-1."""
        rho, tau, eta = dynamics
        s = 1 / (1 - rho * self.omega)
        return (tau + eta * self.omega) * s, s

    def adjustment(self, dynamics: Array) -> Array:
        """Return what the adjusted score adds, sums over the sample's periods; shape
        (3,).
        """
        a, s = self._roots(dynamics)
        return self._weighted(s * self._past(a)[0], a)

    def _weighted(self, terms: Array, a: Array) -> Array:
        # Traces over the eigenvalues: W A^(j+1) S^-1, A^j S^-1 and W A^j S^-1.
        lagged = self.omega * terms
        return np.array([_sum(lagged * a), _sum(terms), _sum(lagged)])

    def _adjustment_slopes(self, dynamics: Array) -> Array:
        a, s = self._roots(dynamics)
        value, slope = self._past(a)
        # Derivatives of the eigenvalues a and s in rho, tau and eta.
        by_a = (self.omega * s * a, s, self.omega * s)
        by_s = (self.omega * s**2, 0.0, 0.0)
        columns = []
        for j in range(3):
            terms = by_s[j] * value + s * slope * by_a[j]
            lagged = self.omega * terms
            at_rho = _sum(lagged * a + self.omega * s * value * by_a[j])
            columns.append([at_rho, _sum(terms), _sum(lagged)])
        return np.array(columns).T

    @cached_property
    def _weights(self) -> Array:
        """(T - 1 - j)/T for j = 0..T-2, and j times the same one power lower; shape (2,
        T - 1).
        """
        weights = np.arange(self.t - 1, 0, -1) / self.t
        powers = np.arange(self.t - 1)
        return np.array([weights, np.append((weights * powers)[1:], 0.0)])

    def _past(self, a: Array) -> Array:
        """Return the sum of (T - 1 - j)/T a^j over the sample's periods and its
        derivative; (N,) -> (2, N).
        """
        powers = np.ones((self.t - 1, len(a)), dtype=a.dtype)
        powers[1:] = a
        return np.tensordot(self._weights, np.cumprod(powers, axis=0), axes=1)


def _residual(dynamics: Array) -> Array:
    """Return the weights of the residual on the first four columns."""
    return np.concatenate([[1.0], -dynamics])


def _sum(values: Array) -> float:
    # Complex eigenvalues come in pairs, so that their sums are real.
    return float(values.sum(axis=-1).real)


def dynamic_moments(
    panel: BalancedPanel,
    network: Network,
    lagged: Sequence[str] | None,
    free: Sequence[str],
) -> tuple[DynamicMoments, tuple[str, ...]]:
    """Form the cross-products of a panel; return also the regressors whose spatial lag
    enters.
    """
    if not network.row_standardised:
        raise NumericsError(
            "time effects drop out of the dynamic model only if every row of the"
            " weights sums to one"
        )
    chosen = panel.names if lagged is None else tuple(lagged)
    unknown = [name for name in chosen if name not in panel.names]
    unknown += [name for name in free if name not in DYNAMICS]
    if unknown:
        raise NumericsError(
            f"{unknown[0]!r} is neither a regressor nor one of {', '.join(DYNAMICS)}"
        )
    values = panel.ordered(network.units)
    t = len(panel.periods) - 1
    if t < FEWEST_PERIODS:
        raise NumericsError(
            f"{t} periods with a lag are too few: at least {FEWEST_PERIODS}"
        )
    positions = tuple(i for i, name in enumerate(panel.names) if name in chosen)
    columns = _columns(values, network, positions)
    flat = demeaned(columns, "two_way").reshape(-1, columns.shape[2])
    _check_columns(flat, columns, with_lags(panel.names, positions))
    moments = DynamicMoments(
        gram=flat.T @ flat,
        n=network.n,
        t=t,
        omega=transformed_roots(network),
        free=tuple(i for i, name in enumerate(DYNAMICS) if name in free),
    )
    return moments, tuple(panel.names[i] for i in positions)


def _columns(values: Array, network: Network, positions: tuple[int, ...]) -> Array:
    y = values[..., 0]
    lag = network.lag(y)
    now = [y[:, 1:], lag[:, 1:]]
    before = [y[:, :-1], lag[:, :-1]]
    head = np.stack([*now, *before], axis=-1)
    X = values[:, 1:, 1:]
    lagged = network.lag(values[:, 1:])[..., [1 + i for i in positions]]
    return np.concatenate([head, X, lagged], axis=2)


def _check_columns(flat: Array, raw: Array, names: Sequence[str]) -> None:
    size = np.maximum(np.abs(raw).max(axis=(0, 1)), 1.0)
    still = np.abs(flat).max(axis=0) <= DEPENDENT * size
    if still[0]:
        raise NumericsError(
            "the outcome does not vary once unit and time effects are gone"
        )
    if still[HEAD:].any():
        raise NumericsError(
            f"the regressor {names[int(np.argmax(still[HEAD:]))]} does not vary once"
            " unit and time effects are gone"
        )
    regressors = flat[:, HEAD:]
    X = regressors / np.sqrt((regressors**2).sum(axis=0))
    if X.shape[1] and np.linalg.svd(X, compute_uv=False).min() < DEPENDENT**0.5:
        raise NumericsError("the regressors and their spatial lags are dependent")


def transformed_roots(network: Network) -> Array:
    """Return the eigenvalues of row-standardised weights without the one of the
    constant vector; shape (N - 1,).
    """
    return np.delete(network.roots, int(np.argmin(np.abs(network.roots - 1.0))))
