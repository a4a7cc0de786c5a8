"""Effects over time of dynamic spatial panels.

All are functions of W: the direct effect is their mean over its eigenvalues, the total
one their value at the eigenvalue one. No matrix is inverted, for any draw.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.dynamic import DynamicFit
from evenfield.numerics.spatial_panel.dynamic_moments import DYNAMICS, transformed_roots
from evenfield.numerics.spatial_panel.impacts import FEWEST_KEPT, scaled_cholesky

BLOCK_CELLS = 1 << 20


class Stability(NamedTuple):
    """Roots of A = (I - rho W)^-1 (tau I + eta W)."""

    # largest modulus without the root of the constant vector, which time effects take
    # out
    radius: float
    constant_root: float  # (tau + eta)/(1 - rho), the root of the constant vector
    # speeds of convergence, -100 ln of the largest and of the smallest modulus, % a
    # period
    slowest: float
    fastest: float

    @property
    def stable(self) -> bool:
        """Whether differences between units die out."""
        return self.radius < 1

    @property
    def long_run(self) -> bool:
        """Whether a permanent change has a finite long-run effect on every unit, the
        common part included.
        """
        return self.stable and abs(self.constant_root) < 1


def stability(fit: DynamicFit) -> Stability:
    """Return the roots that say whether and how fast differences between units die out.

    Notes
    -----
    tau + rho + eta < 1 alone is not enough: every root must lie inside the circle.
    Elhorst (2014, ch. 4); Lee and Yu (2010).
    """
    rho, tau, eta = fit.dynamics
    sizes = np.abs(_roots(transformed_roots(fit.network), fit.dynamics[None, :])[0])
    low = float(sizes.min())
    high = float(sizes.max())
    slowest = -100 * np.log(high) if high > 0 else np.nan
    fastest = -100 * np.log(low) if low > 0 else np.nan
    return Stability(
        high, float((tau + eta) / (1 - rho)), float(slowest), float(fastest)
    )


class DynamicEffects(NamedTuple):
    """Average effects of each regressor by horizon."""

    regressors: tuple[str, ...]  # K regressors
    # ``short_run``, ``after_h`` for h periods after a permanent change, ``long_run``
    horizons: tuple[str, ...]
    # (H, 3, K) direct, indirect and total effects of one unit more, for good
    estimate: Array
    conf_low: Array
    conf_high: Array
    std_error: Array
    draws: np.ndarray  # (H,) draws used, and left out because they have no long run
    dropped: np.ndarray


def dynamic_effects(
    fit: DynamicFit,
    horizons: Sequence[int],
    rng: np.random.Generator,
    draws: int = 10_000,
    level: float = 0.95,
) -> DynamicEffects:
    """Return effects in the period of the change, some periods after it, and in the
    long run.

    Notes
    -----
    Short run (I - rho W)^-1 (b I + th W); after h periods sum_(j<=h) A^j times it; in
    the long run [(1 - tau) I - (rho + eta) W]^-1 (b I + th W). All are functions of W:
    the direct effect is their mean over its eigenvalues, the total their value at 1.
    """
    if not fit.regressors:
        raise NumericsError("a model without regressors has no effects")
    omega = np.append(transformed_roots(fit.network), 1.0)
    sampled = _draws(fit, rng, draws)
    at = _responses(fit, fit.estimates[None, :], omega, horizons)[:, 0]
    if not stability(fit).long_run:
        at[-1] = np.nan
    blocks = np.array_split(sampled, -(-sampled.shape[0] * len(omega) // BLOCK_CELLS))
    drawn = np.concatenate(
        [_responses(fit, block, omega, horizons) for block in blocks], axis=1
    )
    # A draw has a long run where every root lies inside the unit circle.
    radii = [np.abs(_roots(omega, block[:, :3])).max(axis=1) for block in blocks]
    steady = np.concatenate(radii) < 1
    if steady.mean() < FEWEST_KEPT or np.isnan(at[-1]).any():
        at[-1] = np.nan
        steady = np.zeros_like(steady)
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    low, high, std_error = np.full((3, *at.shape), np.nan)
    for h in range(len(at)):
        values = drawn[h] if h < len(at) - 1 else drawn[h, steady]
        if len(values) > 1:
            low[h], high[h] = np.quantile(values, tails, axis=0)
            std_error[h] = values.std(axis=0, ddof=1)
    draws_used = np.full(len(at), len(sampled))
    draws_used[-1] = steady.sum()
    return DynamicEffects(
        regressors=fit.regressors,
        horizons=("short_run", *(f"after_{h}" for h in horizons), "long_run"),
        estimate=at,
        conf_low=low,
        conf_high=high,
        std_error=std_error,
        draws=draws_used,
        dropped=draws - draws_used,
    )


def _draws(fit: DynamicFit, rng: np.random.Generator, draws: int) -> Array:
    free = np.flatnonzero(np.diag(fit.covariance) > 0)
    lower = scaled_cholesky(fit.covariance[np.ix_(free, free)])
    out = np.tile(fit.estimates, (draws, 1))
    out[:, free] += rng.standard_normal((draws, len(free))) @ lower.T
    low, high = fit.network.logdet.domain
    inside = (out[:, 0] > low) & (out[:, 0] < high)
    if inside.mean() < FEWEST_KEPT:
        raise NumericsError(
            f"{(~inside).sum()} of {draws} draws of rho leave its range"
        )
    return out[inside]


def _roots(omega: Array, dynamics: Array) -> Array:
    """Return the roots of A by draw and eigenvalue, shape (G, N)."""
    rho, tau, eta = (dynamics[:, i, None] for i in range(3))
    return (tau + eta * omega) / (1 - rho * omega)


def _responses(
    fit: DynamicFit, parameters: Array, omega: Array, horizons: Sequence[int]
) -> Array:
    """Return effects by horizon and draw, shape (H, G, 3, K); the constant vector's
    eigenvalue comes last in omega.
    """
    rho, tau, eta = (parameters[:, i, None] for i in range(3))
    a = _roots(omega, parameters[:, :3])
    impulse = _slopes(fit, parameters, omega) / (1 - rho * omega)[:, None, :]
    # sum_(j<=h) A^j by Horner's rule, and its limit
    sums = [np.ones_like(a)]
    for _ in range(max(horizons, default=0)):
        sums.append(1 + a * sums[-1])
    gap = 1 - tau - (rho + eta) * omega
    final = (1 - rho * omega) / np.where(gap == 0, np.nan, gap)
    paths = [sums[0], *(sums[h] for h in horizons), final]
    return np.stack([_averages(impulse * path[:, None, :]) for path in paths])


def _slopes(fit: DynamicFit, parameters: Array, omega: Array) -> Array:
    """Return b + th omega, shape (G, K, N)."""
    k = len(fit.regressors)
    first = len(DYNAMICS)
    theta = np.zeros((len(parameters), k))
    lagged = [fit.regressors.index(name) for name in fit.lagged]
    theta[:, lagged] = parameters[:, first + k : first + k + len(lagged)]
    return parameters[:, first : first + k, None] + theta[..., None] * omega


def _averages(values: Array) -> Array:
    direct = np.real(values).mean(axis=2)
    total = np.real(values[..., -1])
    return np.stack([direct, total - direct, total], axis=1)
