"""Bias-corrected fixed effects with a root that depends on a unit's exposures: one
adjusted score per regime.

Units have the root z_i'theta. The scores of ``bias_corrected``, one for each regime, are
solved together, for all draws of units at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.bias_corrected import (
    FEWEST_DATES,
    GRID,
    Variance,
    year_weights,
)
from evenfield.numerics.dynamic_panel.within import (
    checked_levels,
    resampled,
    whole_sample,
    within_units,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import RANK_TOLERANCE

NEWTON_STEPS = 40
SETTLED = 1e-11
LARGEST_STEP = 0.3
PATH = (0.0, 0.25, 0.5, 0.75, 1.0)
CHUNK = 8_000_000
FEWEST_ROOTS = 0.5


class RegimeRoots(NamedTuple):
    """Coefficients of the root on the regimes, for many draws."""

    theta: Array  # (B, K) root of unit i is z_i'theta
    cov: Array  # (B, K, K) clustered by unit
    # (B,) whether the scores have a falling root with every unit's root between -0.99
    # and 1.2
    defined: np.ndarray
    fixed_effects: Array  # (B, K) least squares, uncorrected


class RegimeInterval(NamedTuple):
    """A combination of the coefficients with its unit bootstrap-t."""

    estimate: (
        float  # c'theta, clustered standard error, symmetric interval, two-sided p
    )
    std_error: float
    low: float
    high: float
    p_value: float
    fixed_effects: float  # c'theta of uncorrected fixed effects
    lost: float  # share of draws without a root


@dataclass(frozen=True)
class _Draws:
    y: Array  # (N, T), less the unit's mean
    lag: Array  # (N, T), alike
    Z: Array  # (N, K)
    weights: Array  # (B, N)
    of_y: Array  # (B, K, T): coefficients of the regimes in y, year by year
    of_x: Array  # (B, K, T, K): in regime k times lag, k last

    def only(self, rows: np.ndarray) -> _Draws:
        """Return some of the draws."""
        return replace(
            self, weights=self.weights[rows], of_y=self.of_y[rows], of_x=self.of_x[rows]
        )


def regime_roots(levels: Array, Z: Array, weights: Array | None = None) -> RegimeRoots:
    """Fit y_it = (z_i'theta) y_i,t-1 + mu_i + z_i'tau_t + e_it, corrected for the bias
    of fixed effects.

    Notes
    -----
    F_k(theta) = sum_i z_ik [sum_t l_it e_it + sum_s c_s(rho_i) e_is^2] = 0, rho_i =
    z_i'theta, l the lag less its mean, e the residual less unit means and, year by
    year, its projection on z; c_s as in ``score.year_weights``. With a constant alone
    this is the time-heteroskedastic score. The root is followed from fixed effects (no
    correction) as the correction is switched on, which replaces "the smallest root
    above fixed effects".
    """
    Z = np.asarray(Z, dtype=float)
    pairs = within_units(checked_levels(levels, FEWEST_DATES))
    if len(Z) != pairs.n_units or not np.isfinite(Z).all():
        raise NumericsError(
            f"{len(Z)} rows of exposures for {pairs.n_units} units, or one is missing"
        )
    smallest = RANK_TOLERANCE * np.linalg.norm(Z)
    if np.linalg.matrix_rank(Z, tol=smallest) < Z.shape[1]:
        raise NumericsError("the regimes are collinear")
    sample = _solved(_draws(pairs.y, pairs.lag, Z, whole_sample(pairs.n_units)), None)
    if weights is None or not sample.defined[0]:
        return sample
    size = max(1, CHUNK // (6 * pairs.y.size))
    parts = [
        _solved(_draws(pairs.y, pairs.lag, Z, weights[i : i + size]), sample.theta)
        for i in range(0, len(weights), size)
    ]
    joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return RegimeRoots(*joined)


def regime_intervals(
    levels: Array,
    Z: Array,
    C: Array,
    rng: np.random.Generator,
    draws: int,
    level: float = 0.95,
) -> list[RegimeInterval]:
    """Draw whole units with their exposures and studentise each draw's combinations of
    coefficients; C (M, K).
    """
    sample = regime_roots(levels, Z)
    if not sample.defined[0]:
        raise NumericsError("the adjusted scores have no root")
    drawn = regime_roots(levels, Z, resampled(len(levels), draws, rng))
    if drawn.defined.mean() < FEWEST_ROOTS:
        raise NumericsError(
            f"{draws - int(drawn.defined.sum())} of {draws} draws of units have no root"
        )
    return [_interval(sample, drawn, c, level) for c in np.atleast_2d(C)]


def _interval(
    sample: RegimeRoots, drawn: RegimeRoots, c: Array, level: float
) -> RegimeInterval:
    estimate = float(sample.theta[0] @ c)
    se = float(_combination_sd(sample.cov, c)[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (drawn.theta @ c - estimate) / _combination_sd(drawn.cov, c)
    t = np.abs(t[drawn.defined & np.isfinite(t)])
    half = float(np.quantile(t, level)) * se
    larger = np.sum(t >= abs(estimate) / se)
    return RegimeInterval(
        estimate=estimate,
        std_error=se,
        low=estimate - half,
        high=estimate + half,
        p_value=float((1 + larger) / (1 + len(t))),
        fixed_effects=float(sample.fixed_effects[0] @ c),
        lost=1 - float(drawn.defined.mean()),
    )


def _combination_sd(cov: Array, c: Array) -> Array:
    variance = np.einsum("k,bkl,l->b", c, cov, c)
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


def _draws(y: Array, lag: Array, Z: Array, weights: Array) -> _Draws:
    left = weights[:, None, :] * Z.T
    solve = np.linalg.pinv(left @ Z) @ left
    by_regime = [solve @ (z[:, None] * lag) for z in Z.T]
    return _Draws(
        y=y,
        lag=lag,
        Z=Z,
        weights=weights,
        of_y=solve @ y,
        of_x=np.stack(by_regime, axis=-1),
    )


def _solved(d: _Draws, start: Array | None) -> RegimeRoots:
    zero = np.zeros((len(d.weights), d.Z.shape[1]))
    fixed, _ = _newton(d, zero, PATH[0])
    # Draws start from the sample's root; the sample's own is followed step by step.
    path = PATH[1:] if start is None else PATH[-1:]
    theta = fixed if start is None else np.repeat(start, len(fixed), axis=0)
    settled = np.ones(len(fixed), dtype=bool)
    for share in path:
        theta, now = _newton(d, theta, share)
        settled &= now
    q, jacobian = _scores(d, theta, PATH[-1])
    falling = (np.linalg.eigvals(jacobian).real < 0).all(axis=1)
    rho = np.where(d.weights > 0, theta @ d.Z.T, 0.0)
    inside = (rho > GRID[0]) & (rho <= GRID[-1])
    n = d.weights.sum(axis=1)
    correction = (n / (n - 1))[:, None, None]
    squares = (d.weights * q**2)[:, None]
    meat = (squares * d.Z.T) @ d.Z * correction
    bread = np.linalg.pinv(jacobian)
    return RegimeRoots(
        theta=theta,
        cov=bread @ meat @ bread.mT,
        defined=settled & falling & inside.all(axis=1),
        fixed_effects=fixed,
    )


def _newton(d: _Draws, theta: Array, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Solve the scores with a share of the correction; draws that have settled are left
    alone.
    """
    theta = theta.copy()
    left = np.arange(len(theta))
    for _ in range(NEWTON_STEPS):
        part = d.only(left)
        q, jacobian = _scores(part, theta[left], share)
        score = (q * part.weights) @ d.Z
        step = -(np.linalg.pinv(jacobian) @ score[:, :, None])[:, :, 0]
        theta[left] += np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        left = left[np.abs(step).max(axis=1) > SETTLED]
        if not len(left):
            break
    return theta, ~np.isin(np.arange(len(theta)), left)


def _scores(d: _Draws, theta: Array, share: float) -> tuple[Array, Array]:
    """Return each unit's share of the score, shape (B, N), and the derivative of the
    scores, shape (B, K, K).
    """
    size = d.Z.shape[1]
    rho = np.clip(theta @ d.Z.T, GRID[0], GRID[-1] + LARGEST_STEP)
    c = year_weights(rho, d.y.shape[1], Variance.BY_YEAR)
    explained = (d.of_x @ theta[:, None, :, None])[..., 0]
    projection = d.Z @ (d.of_y - explained)
    e = d.y - rho[:, :, None] * d.lag - projection
    squares = share * e**2
    correction = (c.value * squares).sum(axis=-1)
    q = (d.lag * e).sum(axis=-1) + correction
    # dF/dtheta: rho_i moves e and c of its own unit, and theta the year's projection.
    weighted_lag = d.lag + 2 * share * c.value * e
    own_slope = (c.slope * squares).sum(axis=-1)
    along = own_slope - (weighted_lag * d.lag).sum(axis=-1)
    by_year = d.of_x.transpose(0, 2, 1, 3)
    of_x = by_year.reshape(len(theta), -1, size * size)
    across = (weighted_lag @ of_x).reshape(*q.shape, size, size)
    by_projection = (d.Z[:, :, None] * across).sum(axis=2)
    change = along[:, :, None] * d.Z + by_projection
    return q, (d.weights[:, :, None] * d.Z).mT @ change
