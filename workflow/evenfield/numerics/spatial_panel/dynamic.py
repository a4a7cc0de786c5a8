"""Dynamic spatial panels by quasi maximum likelihood with corrected scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.likelihood import (
    RESPONSES,
    PanelMoments,
    highest_likelihoods,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, Counts, demeaned

DYNAMICS = ("rho", "tau", "eta")
HEAD = 4  # y, W y, y_(t-1), W y_(t-1)
DEPENDENT = 1e-10
FEWEST_PERIODS = 4


@dataclass(frozen=True)
class DynamicMoments:
    """Cross-products of the demeaned columns [y, W y, y_(t-1), W y_(t-1), X] and the
    eigenvalues of the weights.
    """

    gram: (
        Array  # (..., 4 + K, 4 + K) cross-products, of one sample or of each of several
    )
    n: int  # units and periods, the first period with a lag counted first
    t: int
    omega: Array  # (N - 1,) eigenvalues of W without the one of the constant vector
    free: tuple[
        int, ...
    ]  # which of rho, tau, eta (0, 1, 2) are estimated; the others are zero

    @property
    def inner(self) -> tuple[int, ...]:
        """Places of what is estimated among rho, tau, eta and the regressors'
        coefficients.
        """
        return (*self.free, *range(3, 3 + self.gram.shape[-1] - HEAD))

    @cached_property
    def partialled(self) -> Array:
        """Cross-products of the first four columns with the regressors taken out, shape
        (..., 4, 4).
        """
        cross = self.gram[..., :HEAD, HEAD:]
        inner = self.gram[..., HEAD:, HEAD:]
        return self.gram[..., :HEAD, :HEAD] - cross @ np.linalg.solve(inner, cross.mT)

    def slopes(self, dynamics: Array) -> np.ndarray:
        """Return the coefficients of the regressors at given rho, tau, eta; dynamics
        (..., 3) -> (..., K).
        """
        outcome = self.gram[..., HEAD:, :HEAD] @ _residual(dynamics)[..., None]
        return np.linalg.solve(self.gram[..., HEAD:, HEAD:], outcome)[..., 0]

    def score(self, dynamics: Array, strength: float) -> Array:
        """Return the concentrated score in rho, tau, eta, adjusted for the unit
        effects; (..., 3) -> (..., 3).
        """
        v = _residual(dynamics)
        cross = (self.partialled @ v[..., None])[..., 0]
        m = (self.n - 1) * (self.t - strength)
        out = m * cross[..., 1:] / (v * cross).sum(
            axis=-1, keepdims=True
        ) + strength * self.adjustment(dynamics)
        out[..., 0] -= (self.t - strength) * _sum(self.omega * self._roots(dynamics)[1])
        return np.asarray(out)

    def slope_matrix(self, dynamics: Array, strength: float) -> Array:
        """Return the derivatives of the score in rho, tau, eta and, with them, in the
        regressors' coefficients.
        """
        out = -self.information(dynamics, strength)
        out[..., :3, :3] += strength * self._adjustment_slopes(dynamics)
        return out

    def information(self, dynamics: Array, strength: float) -> Array:
        """Return minus the derivatives of the score without those of the adjustment."""
        v = np.concatenate([_residual(dynamics), -self.slopes(dynamics)], axis=-1)[
            ..., None
        ]
        cross = self.gram @ v
        m = (self.n - 1) * (self.t - strength)
        sse = v.mT @ cross
        moved = cross[..., 1:, :]
        out = m * (self.gram[..., 1:, 1:] / sse - 2 * moved * moved.mT / sse**2)
        out[..., 0, 0] += (self.t - strength) * _sum(
            (self.omega * self._roots(dynamics)[1]) ** 2
        )
        return np.asarray(out)

    def covariance(self, dynamics: Array, strength: float) -> Array:
        """Return the covariance of all estimates, zero for parameters that are held at
        zero; shape (..., P, P).
        """
        rows = np.array(self.inner)[:, None]
        out = np.zeros_like(self.gram[..., 1:, 1:])
        D = np.linalg.inv(self.slope_matrix(dynamics, strength)[..., rows, self.inner])
        out[..., rows, self.inner] = (
            D @ self.information(dynamics, strength)[..., rows, self.inner] @ D.mT
        )
        return out

    def variance(self, dynamics: Array, strength: float) -> float:
        """Return the variance of the shocks, e'e / ((N - 1)(T - s)); dynamics (3,)."""
        v = _residual(dynamics)
        return float(v @ self.partialled @ v / ((self.n - 1) * (self.t - strength)))

    def limit_adjustment(self, dynamics: Array) -> Array:
        """Return the adjustment with sums over all past periods in place of the
        sample's; NaN where unstable.
        """
        a, s = self._roots(dynamics)
        stable = np.abs(a).max(axis=-1, keepdims=True) < 1
        return np.where(
            stable, self._weighted(s / np.where(stable, 1 - a, 1.0), a), np.nan
        )

    def _roots(self, dynamics: Array) -> tuple[Array, Array]:
        rho, tau, eta = np.moveaxis(dynamics, -1, 0)[..., None]
        s = 1 / (1 - rho * self.omega)
        return (tau + eta * self.omega) * s, s

    def adjustment(self, dynamics: Array) -> Array:
        """Return what the adjusted score adds, sums over the sample's periods; dynamics
        (..., 3) -> (..., 3).
        """
        a, s = self._roots(dynamics)
        return self._weighted(s * self._past(a)[0], a)

    def _weighted(self, terms: Array, a: np.ndarray) -> Array:
        lagged = self.omega * terms
        return np.stack([_sum(lagged * a), _sum(terms), _sum(lagged)], axis=-1)

    def _adjustment_slopes(self, dynamics: Array) -> Array:
        a, s = self._roots(dynamics)
        value, slope = self._past(a)
        by_a = (self.omega * s * a, s, self.omega * s)
        by_s = (self.omega * s**2, 0.0, 0.0)
        columns = []
        for j in range(3):
            terms = by_s[j] * value + s * slope * by_a[j]
            lagged = self.omega * terms
            at_rho = _sum(lagged * a + self.omega * s * value * by_a[j])
            columns.append(np.stack([at_rho, _sum(terms), _sum(lagged)], axis=-1))
        return np.stack(columns, axis=-1)

    @cached_property
    def _weights(self) -> Array:
        """(T - 1 - j)/T for j = 0..T-2, and j times the same one power lower; shape (2,
        T - 1).
        """
        weights = np.arange(self.t - 1, 0, -1) / self.t
        powers = np.arange(self.t - 1)
        return np.array([weights, np.append((weights * powers)[1:], 0.0)])

    def _past(self, a: np.ndarray) -> Array:
        """Return the sum of (T - 1 - j)/T a^j over the sample's periods and its
        derivative; (..., N) -> (2, ..., N).
        """
        powers = np.cumprod(np.broadcast_to(a, (self.t - 1, *a.shape)), axis=0)
        powers[1:], powers[0] = powers[:-1].copy(), 1.0
        return np.tensordot(self._weights, powers, axes=1)


def _residual(dynamics: Array) -> Array:
    """Return the weights of the residual on the first four columns; (..., 3) -> (...,
    4).
    """
    return np.concatenate([np.ones((*dynamics.shape[:-1], 1)), -dynamics], axis=-1)


def _sum(values: Array) -> Array:
    return np.asarray(values.sum(axis=-1).real)


def dynamic_moments(
    panel: BalancedPanel,
    network: Network,
    lagged: Sequence[str] | None,
    free: Sequence[str],
    outcomes: Array | None = None,
) -> tuple[DynamicMoments, tuple[str, ...]]:
    """Form the cross-products of a panel, or those of several outcomes (R, N, T + 1)
    with its regressors.
    """
    if not network.row_standardised:
        raise NumericsError(
            "time effects drop out of the dynamic model only if every row of the"
            " weights sums to one"
        )
    chosen = panel.names if lagged is None else tuple(lagged)
    unknown = [name for name in chosen if name not in panel.names] + [
        name for name in free if name not in DYNAMICS
    ]
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
    lagged_columns = [
        1 + panel.names.index(name) for name in panel.names if name in chosen
    ]
    columns = _columns(values, network, lagged_columns)
    flat = demeaned(columns, "two_way").reshape(-1, columns.shape[2])
    _check_columns(
        flat,
        columns,
        (*panel.names, *(f"W {panel.names[p - 1]}" for p in lagged_columns)),
    )
    names = (
        *DYNAMICS,
        *panel.names,
        *(f"W {panel.names[p - 1]}" for p in lagged_columns),
    )
    free_positions = tuple(i for i, name in enumerate(DYNAMICS) if name in free)
    if outcomes is not None:
        drawn = demeaned(
            _head(np.moveaxis(outcomes, 0, 2), network), "two_way"
        ).transpose(2, 0, 1, 3)
        flat = np.repeat(flat[None], len(outcomes), axis=0)
        flat[..., :HEAD] = drawn.reshape(len(outcomes), -1, HEAD)
    return (
        DynamicMoments(
            flat.mT @ flat, network.n, t, transformed_roots(network), free_positions
        ),
        names,
    )


def _columns(values: Array, network: Network, positions: list[int]) -> Array:
    lagged = network.lag(values[:, 1:])[..., positions]
    return np.concatenate(
        [_head(values[..., 0], network), values[:, 1:, 1:], lagged], axis=2
    )


def _head(y: Array, network: Network) -> Array:
    """Return y, W y, y_(t-1), W y_(t-1); y (N, T + 1, ...) -> (N, T, ..., 4)."""
    lag = network.lag(y)
    return np.stack([y[:, 1:], lag[:, 1:], y[:, :-1], lag[:, :-1]], axis=-1)


def _check_columns(flat: Array, raw: Array, names: Sequence[str]) -> None:
    size = np.abs(raw).max(axis=(0, 1))
    largest = np.abs(flat).max(axis=0)
    if largest[0] <= DEPENDENT * max(size[0], 1.0):
        raise NumericsError(
            "the outcome does not vary once unit and time effects are gone"
        )
    still = [
        name
        for name, s, z in zip(names, largest[HEAD:], size[HEAD:], strict=True)
        if s <= DEPENDENT * max(z, 1.0)
    ]
    if still:
        raise NumericsError(
            f"the regressor {still[0]} does not vary once unit and time effects are"
            " gone"
        )
    X = flat[:, HEAD:] / np.sqrt((flat[:, HEAD:] ** 2).sum(axis=0))
    if X.shape[1] and np.linalg.svd(X, compute_uv=False).min() < DEPENDENT**0.5:
        raise NumericsError("the regressors and their spatial lags are dependent")


def transformed_roots(network: Network) -> Array:
    """Return the eigenvalues of row-standardised weights without the one of the
    constant vector; shape (N - 1,).
    """
    return np.delete(network.roots, int(np.argmin(np.abs(network.roots - 1.0))))


STEPS = (0.25, 0.5, 0.75, 1.0)
FLAT = 1e-6
NEWTON = 8


@dataclass(frozen=True)
class DynamicFit:
    """A fitted dynamic spatial panel."""

    names: tuple[
        str, ...
    ]  # rho, tau, eta, the regressors, and ``W name`` for their spatial lags
    # (P,) root of the adjusted score; the likelihood's maximum where there is no root
    estimates: Array
    likelihood: Array
    one_step: Array
    covariance: Array  # (P, P) of the estimates; zero for parameters held at zero
    sigma2: float  # variance of the shocks
    converged: bool  # whether the adjusted score has a root
    regressors: tuple[str, ...]  # regressors, and those whose spatial lag enters
    lagged: tuple[str, ...]
    free: tuple[str, ...]  # which of rho, tau, eta are estimated
    network: Network  # weights
    t: int  # periods with a lag

    @property
    def std_errors(self) -> Array:
        """Square roots of the diagonal of the covariance, shape (P,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def dynamics(self) -> Array:
        """Estimates of rho, tau and eta, shape (3,)."""
        return self.estimates[: len(DYNAMICS)]


def fit_dynamic(
    panel: BalancedPanel,
    network: Network,
    lagged: Sequence[str] | None = None,
    free: Sequence[str] = DYNAMICS,
) -> DynamicFit:
    """Fit Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu +
    alpha_t 1 + e_t.

    Notes
    -----
    Time effects are taken out by J = I - 11'/N, which for row-standardised W leaves a
    model of N - 1 units with the eigenvalues of W but that of the constant (Lee and Yu
    2010); unit effects by demeaning, which biases the score: with S = I - rho W, A =
    S^-1 (tau I + eta W) and shocks V, demeaning adds - T E[Zbar'J Vbar] to E[sum_t
    Z_t'J V_t], so

        tau: -(s2/T) sum_(j<=T-2) (T-1-j) tr(J A^j S^-1),   eta: the same with W A^j
        S^-1, rho: -(s2/T) sum_(j<=T-1) (T-j) tr(J W A^j S^-1),   variance: T - 1 in
        place of T.

    The estimate is the root of the score less this, followed from the likelihood's
    maximum. The sums are those of the sample: no initial condition enters and nothing
    is divided by 1 - A. Lee and Yu's one-step correction has their limits, sum_j A^j =
    (I - A)^-1. Without lags the root is the transformation estimator of the static
    model; without spatial terms it is the bias-corrected estimator of
    ``numerics.dynamic_panel`` with constant variance. Covariance: D^-1 I D^-1' with I
    the information and D the derivative of the adjusted score.
    """
    m, names = dynamic_moments(panel, network, lagged, free)
    return fit_moments(m, network, panel.names, tuple(names[3 + len(panel.names) :]))


def fit_moments(
    m: DynamicMoments,
    network: Network,
    regressors: tuple[str, ...],
    lagged_names: tuple[str, ...],
) -> DynamicFit:
    """Fit from cross-products alone."""
    top, one_step, dynamics, converged = (
        part[0] for part in dynamics_of(replace(m, gram=m.gram[None]), network)
    )
    strength = 1.0 if converged else 0.0
    estimates, likelihood, step = (
        np.concatenate([at, m.slopes(at)]) for at in (dynamics, top, one_step)
    )
    return DynamicFit(
        (*DYNAMICS, *regressors, *lagged_names),
        estimates,
        likelihood,
        step,
        m.covariance(dynamics, strength),
        m.variance(dynamics, strength),
        bool(converged),
        regressors,
        tuple(name[2:] for name in lagged_names),
        tuple(DYNAMICS[i] for i in m.free),
        network,
        m.t,
    )


def dynamics_of(
    m: DynamicMoments, network: Network
) -> tuple[Array, Array, Array, Array]:
    """Return rho, tau, eta of B samples, (B, 3): likelihood, one step, adjusted; and
    whether the latter has a root.
    """
    top = _highest(m, network)
    return top, _one_step(m, top), *_adjusted_root(m, top, network)


def _highest(m: DynamicMoments, network: Network) -> Array:
    """Return the maximum of the likelihood: a static lag model whose regressors include
    the lags; (B, 3).
    """
    lags = [HEAD - 2 + i - 1 for i in m.free if i > 0]
    out = np.zeros((len(m.gram), 3))
    columns = [0, 1, *lags, *range(HEAD, m.gram.shape[-1])]
    size = 2 * len(columns) - 1
    positions = np.array([0, 1, *range(RESPONSES, RESPONSES + len(columns) - 2)])
    part = m.gram[:, np.array(columns)[:, None], columns]
    scale = 1 / np.sqrt(np.diagonal(part, axis1=1, axis2=2))
    scale[:, :2] = 1.0
    gram = np.zeros((len(part), size, size))
    gram[:, positions[:, None], positions] = (
        part * scale[:, :, None] * scale[:, None, :]
    )
    moments = PanelMoments(gram, Counts(m.t, 1, (m.n - 1) * m.t), network.logdet)
    if 0 in m.free:
        out[:, 0] = highest_likelihoods(moments, "free", "none").rho
    beta = moments.least_squares(out[:, 0], np.zeros(len(out)))[0] * scale[:, 2:]
    out[:, [column - 1 for column in lags]] = beta[:, : len(lags)]
    return out


def _one_step(m: DynamicMoments, top: Array) -> Array:
    """Return the first-order correction of Lee and Yu (2010), whose sums run over all
    past periods; NaN if unstable.
    """
    free = list(m.free)
    out = top.copy()
    gap = m.score(top, 1.0) - m.adjustment(top) + m.limit_adjustment(top)
    side = np.zeros((*top.shape[:-1], len(m.inner), 1))
    side[:, : len(free), 0] = gap[:, free]
    out[:, free] += np.linalg.solve(
        m.information(top, 0.0)[:, np.array(m.inner)[:, None], m.inner], side
    )[:, : len(free), 0]
    return np.where(np.isfinite(gap), out, np.nan)


def _adjusted_root(
    m: DynamicMoments, top: Array, network: Network
) -> tuple[Array, Array]:
    """Go from the likelihood's maximum to the root of the adjusted score at once, where
    that fails in several steps.
    """
    here = top.copy()
    converged = np.full(len(top), not m.free)
    for steps in (STEPS[-1:], STEPS):
        if not (left := np.flatnonzero(~converged)).size:
            break
        part = replace(m, gram=m.gram[left])
        at = top[left]
        for strength in steps:
            at, peak = _stationary(part, at, strength, network.logdet.domain)
        converged[left], here[left[peak]] = peak, at[peak]
    return here, converged


def _stationary(
    m: DynamicMoments, start: Array, strength: float, domain: tuple[float, float]
) -> tuple[Array, Array]:
    """Take Newton's steps to the root of the score; return where they end and whether
    that is a maximum.
    """
    free = np.array(m.free)
    here = start.copy()
    moving = np.ones(len(start), dtype=bool)
    for _ in range(NEWTON):
        slopes = _dynamics_slopes(m, here, strength)[:, free[:, None], free]
        new = here.copy()
        new[:, free] -= np.linalg.solve(slopes, m.score(here, strength)[:, free, None])[
            ..., 0
        ]
        moving &= (
            (domain[0] < new[:, 0])
            & (new[:, 0] < domain[1])
            & np.isfinite(new).all(axis=1)
        )
        here[moving] = new[moving]
    flat = (
        np.abs(m.score(here, strength)[:, free]).max(axis=1) <= FLAT * (m.n - 1) * m.t
    )
    slopes = _dynamics_slopes(m, here, strength)[:, free[:, None], free]
    return here, moving & flat & (
        np.linalg.eigvalsh((slopes + slopes.mT) / 2).max(axis=1) < 0
    )


def _dynamics_slopes(m: DynamicMoments, dynamics: Array, strength: float) -> Array:
    """Return derivatives in rho, tau, eta with the regressors' coefficients
    concentrated out, shape (3, 3).
    """
    whole = m.slope_matrix(dynamics, strength)
    inner = np.linalg.solve(whole[..., 3:, 3:], whole[..., 3:, :3])
    return whole[..., :3, :3] - whole[..., :3, 3:] @ inner
