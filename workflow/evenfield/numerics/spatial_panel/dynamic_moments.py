"""Cross-products of a dynamic spatial panel, and the score that its estimators set to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import polynomial

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.logdet import eigenvalues
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.within import demeaned

DYNAMICS = ("rho", "tau", "eta")
HEAD = 4  # y, W y, y_(t-1), W y_(t-1)
DEPENDENT = 1e-10
FEWEST_PERIODS = 4


@dataclass(frozen=True)
class DynamicMoments:
    """Cross-products of the demeaned columns [y, W y, y_(t-1), W y_(t-1), X] and the eigenvalues of the weights."""

    gram: np.ndarray  # (4 + K, 4 + K) cross-products
    n: int  # units and periods, the first period with a lag counted first
    t: int
    omega: np.ndarray  # (N - 1,) eigenvalues of W without the one of the constant vector
    free: tuple[int, ...]  # which of rho, tau, eta (0, 1, 2) are estimated; the others are zero

    @cached_property
    def partialled(self) -> np.ndarray:
        """Cross-products of the first four columns with the regressors taken out, shape (4, 4)."""
        head, cross, inner = self.gram[:HEAD, :HEAD], self.gram[:HEAD, HEAD:], self.gram[HEAD:, HEAD:]
        return np.asarray(head - cross @ np.linalg.solve(inner, cross.T)) if len(inner) else head

    def slopes(self, dynamics: np.ndarray) -> np.ndarray:
        """Return the coefficients of the regressors at given rho, tau, eta; dynamics (3,) -> (K,)."""
        outcome = self.gram[HEAD:, :HEAD] @ np.concatenate([[1.0], -dynamics])
        return np.asarray(np.linalg.solve(self.gram[HEAD:, HEAD:], outcome)) if len(outcome) else outcome

    def score(self, dynamics: np.ndarray, strength: float) -> np.ndarray:
        """Return the concentrated score in rho, tau, eta, adjusted for the unit effects; dynamics (3,) -> (3,)."""
        v = np.concatenate([[1.0], -dynamics])
        cross, m = self.partialled @ v, (self.n - 1) * (self.t - strength)
        out = m * cross[1:] / (v @ cross) + strength * self.adjustment(dynamics)
        out[0] -= (self.t - strength) * self._sum(self.omega / (1 - dynamics[0] * self.omega))
        return np.asarray(out)

    def slope_matrix(self, dynamics: np.ndarray, strength: float) -> np.ndarray:
        """Return the derivatives of the score in rho, tau, eta and, with them, in the regressors' coefficients."""
        out = -self.information(dynamics, strength)
        out[:3, :3] += strength * self._adjustment_slopes(dynamics)
        return out

    def information(self, dynamics: np.ndarray, strength: float) -> np.ndarray:
        """Return minus the derivatives of the score without those of the adjustment."""
        v = np.concatenate([[1.0], -dynamics, -self.slopes(dynamics)])
        cross, m = self.gram @ v, (self.n - 1) * (self.t - strength)
        sse = float(v @ cross)
        out = m * (self.gram[1:, 1:] / sse - 2 * np.outer(cross[1:], cross[1:]) / sse**2)
        out[0, 0] += (self.t - strength) * self._sum((self.omega / (1 - dynamics[0] * self.omega)) ** 2)
        return np.asarray(out)

    def variance(self, dynamics: np.ndarray, strength: float) -> float:
        """Return the variance of the shocks, e'e / ((N - 1)(T - s)); dynamics (3,)."""
        v = np.concatenate([[1.0], -dynamics])
        return float(v @ self.partialled @ v / ((self.n - 1) * (self.t - strength)))

    def limit_adjustment(self, dynamics: np.ndarray) -> np.ndarray:
        """Return the adjustment with the sums over all past periods in place of those of the sample."""
        a, s = self._roots(dynamics)
        if np.abs(a).max() >= 1:
            return np.full(3, np.nan)
        return self._weighted(s / (1 - a), a)

    def _roots(self, dynamics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s = 1 / (1 - dynamics[0] * self.omega)
        return (dynamics[1] + dynamics[2] * self.omega) * s, s

    def adjustment(self, dynamics: np.ndarray) -> np.ndarray:
        """Return what the adjusted score adds, sums over the sample's periods; dynamics (3,) -> (3,)."""
        a, s = self._roots(dynamics)
        return self._weighted(s * polynomial.polyval(a, self._weights), a)

    def _weighted(self, terms: np.ndarray, a: np.ndarray) -> np.ndarray:
        lagged = self.omega * terms
        return np.array([self._sum(lagged * a), self._sum(terms), self._sum(lagged)])

    def _adjustment_slopes(self, dynamics: np.ndarray) -> np.ndarray:
        a, s = self._roots(dynamics)
        value = polynomial.polyval(a, self._weights)
        slope = polynomial.polyval(a, polynomial.polyder(self._weights))
        by_a = np.stack([self.omega * s * a, s, self.omega * s])
        by_s = np.stack([self.omega * s**2, np.zeros_like(s), np.zeros_like(s)])
        out = np.empty((3, 3))
        for j in range(3):
            terms = by_s[j] * value + s * slope * by_a[j]
            lagged = self.omega * terms
            out[:, j] = [self._sum(lagged * a + self.omega * s * value * by_a[j]), self._sum(terms), self._sum(lagged)]
        return out

    @cached_property
    def _weights(self) -> np.ndarray:
        """(T - 1 - j)/T for j = 0..T-2."""
        return np.arange(self.t - 1, 0, -1) / self.t

    @staticmethod
    def _sum(values: np.ndarray) -> float:
        return float(np.real(values).sum())


def dynamic_moments(
    panel: BalancedPanel, network: Network, lagged: Sequence[str] | None, free: Sequence[str]
) -> tuple[DynamicMoments, tuple[str, ...]]:
    """Form the cross-products of a panel."""
    if not network.row_standardised:
        raise NumericsError("time effects drop out of the dynamic model only if every row of the weights sums to one")
    chosen = panel.names if lagged is None else tuple(lagged)
    unknown = [name for name in chosen if name not in panel.names] + [name for name in free if name not in DYNAMICS]
    if unknown:
        raise NumericsError(f"{unknown[0]!r} is neither a regressor nor one of {', '.join(DYNAMICS)}")
    values, t = panel.ordered(network.units), len(panel.periods) - 1
    if t < FEWEST_PERIODS:
        raise NumericsError(f"{t} periods with a lag are too few: at least {FEWEST_PERIODS}")
    places = [1 + panel.names.index(name) for name in panel.names if name in chosen]
    columns = _columns(values, network, places)
    flat = demeaned(columns, "two_way").reshape(-1, columns.shape[2])
    _check_columns(flat, columns, (*panel.names, *(f"W {panel.names[p - 1]}" for p in places)))
    names = (*DYNAMICS, *panel.names, *(f"W {panel.names[p - 1]}" for p in places))
    place = tuple(i for i, name in enumerate(DYNAMICS) if name in free)
    return DynamicMoments(flat.T @ flat, network.n, t, transformed_roots(network), place), names


def _columns(values: np.ndarray, network: Network, places: list[int]) -> np.ndarray:
    lag = network.lag(values)
    head = [values[:, 1:, 0], lag[:, 1:, 0], values[:, :-1, 0], lag[:, :-1, 0]]
    return np.concatenate([np.stack(head, axis=2), values[:, 1:, 1:], lag[:, 1:, places]], axis=2)


def _check_columns(flat: np.ndarray, raw: np.ndarray, names: Sequence[str]) -> None:
    size = np.abs(raw).max(axis=(0, 1))
    spread = np.abs(flat).max(axis=0)
    if spread[0] <= DEPENDENT * max(size[0], 1.0):
        raise NumericsError("the outcome does not vary once unit and time effects are gone")
    still = [name for name, s, z in zip(names, spread[HEAD:], size[HEAD:], strict=True) if s <= DEPENDENT * max(z, 1.0)]
    if still:
        raise NumericsError(f"the regressor {still[0]} does not vary once unit and time effects are gone")
    X = flat[:, HEAD:] / np.sqrt((flat[:, HEAD:] ** 2).sum(axis=0))
    if X.shape[1] and np.linalg.svd(X, compute_uv=False).min() < DEPENDENT**0.5:
        raise NumericsError("the regressors and their spatial lags are dependent")


def transformed_roots(network: Network) -> np.ndarray:
    """Return the eigenvalues of row-standardised weights without the one of the constant vector; shape (N - 1,)."""
    roots = eigenvalues(network.matrix)
    return np.delete(roots, int(np.argmin(np.abs(roots - 1.0))))
