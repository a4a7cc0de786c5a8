"""Effects over time of dynamic spatial panels, and a Monte Carlo of their bias."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.dynamic import (
    DYNAMICS,
    DynamicFit,
    dynamic_moments,
    dynamics_of,
    transformed_roots,
)
from evenfield.numerics.spatial_panel.panel import BalancedPanel

KINDS = ("direct", "indirect", "total")
FEWEST_KEPT = 0.5


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
    horizons: tuple[
        str, ...
    ]  # ``short_run``, ``after_h`` for h periods after a permanent change, ``long_run``
    estimate: (
        Array  # (H, 3, K) direct, indirect and total effects of one unit more, for good
    )
    conf_low: Array
    conf_high: Array
    std_error: Array
    draws: Array
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
    names = ("short_run", *(f"after_{h}" for h in horizons), "long_run")
    at = _responses(fit, fit.estimates[None, :], omega, horizons)[:, 0]
    if not stability(fit).long_run:
        at[-1] = np.nan
    blocks = np.array_split(sampled, -(-sampled.shape[0] * len(omega) // BLOCK_CELLS))
    drawn = np.concatenate(
        [_responses(fit, block, omega, horizons) for block in blocks], axis=1
    )
    steady = np.concatenate(
        [np.abs(_roots(omega, block[:, :3])).max(axis=1) < 1 for block in blocks]
    )
    drawn[-1, ~steady] = np.nan
    if steady.mean() < FEWEST_KEPT or np.isnan(at[-1]).any():
        drawn[-1] = np.nan
        at[-1] = np.nan
        steady = np.zeros_like(steady)
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    draws_used = np.array([len(sampled)] * (len(names) - 1) + [int(steady.sum())])
    low, high, std_error = _intervals(drawn, steady, tails)
    return DynamicEffects(
        fit.regressors, names, at, low, high, std_error, draws_used, draws - draws_used
    )


def _intervals(
    drawn: Array, steady: np.ndarray, tails: Array
) -> tuple[Array, Array, Array]:
    low, high, standard_deviation = (
        np.full((len(drawn), *drawn.shape[2:]), np.nan) for _ in range(3)
    )
    for h in range(len(drawn)):
        values = drawn[h] if h < len(drawn) - 1 else drawn[h, steady]
        if len(values) > 1:
            low[h], high[h] = np.quantile(values, tails, axis=0)
            standard_deviation[h] = values.std(axis=0, ddof=1)
    return low, high, standard_deviation


def _draws(fit: DynamicFit, rng: np.random.Generator, draws: int) -> Array:
    free = np.flatnonzero(np.diag(fit.covariance) > 0)
    cov = fit.covariance[np.ix_(free, free)]
    scale = np.sqrt(np.diag(cov))
    lower = scale[:, None] * np.linalg.cholesky(cov / np.outer(scale, scale))
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


ESTIMATORS = ("likelihood", "one_step", "adjusted")
FEWEST = 20
BLOCK_CELLS = 1 << 20


@dataclass(frozen=True)
class DynamicMonteCarlo:
    """Bias of rho, tau and eta, in columns, by estimator, in rows."""

    truth: Array  # (3,) what was planted
    bias: Array  # (3, 3) mean error and standard deviation over the panels with an estimate
    # (3, 3) mean error and standard deviation over the panels with an estimate; NaN
    # with fewer than 20
    sd: Array
    coverage: (
        Array  # (3,) share of the adjusted estimate's intervals that hold the truth
    )
    error_ratio: Array  # (3,) mean standard error over the standard deviation of the adjusted estimate
    estimated: np.ndarray  # (3,) panels with an estimate, by estimator
    replications: int  # panels drawn


def dynamic_monte_carlo(
    panel: BalancedPanel,
    fit: DynamicFit,
    rng: np.random.Generator,
    replications: int = 400,
    level: float = 0.95,
) -> DynamicMonteCarlo:
    """Draw panels from a fit and estimate each of them.

    Notes
    -----
    Shocks are normal with the fit's variance, independent over units and periods; unit
    effects are the fit's mean residuals. Time effects are left out: the estimators do
    not depend on them.
    """
    if replications < FEWEST:
        raise NumericsError(f"{replications} panels are too few: at least {FEWEST}")
    drawn = _outcomes(panel.ordered(fit.network.units), fit, rng, replications)
    blocks = []
    for outcomes in np.array_split(
        drawn, min(replications, -(-drawn.size // BLOCK_CELLS))
    ):
        m, _ = dynamic_moments(panel, fit.network, fit.lagged, fit.free, outcomes)
        *fits, converged = dynamics_of(m, fit.network)
        cov = replace(m, gram=m.gram[converged]).covariance(fits[2][converged], 1.0)
        errors = np.sqrt(np.diagonal(cov, axis1=1, axis2=2)[:, : len(DYNAMICS)])
        blocks.append(
            [
                fits[0],
                fits[1][np.isfinite(fits[1]).all(axis=1)],
                fits[2][converged],
                errors,
            ]
        )
    *estimates, errors = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return _summary(fit.dynamics, estimates, errors, replications, level)


def _outcomes(
    values: Array, fit: DynamicFit, rng: np.random.Generator, replications: int
) -> Array:
    """Return drawn outcomes of a panel (N, T + 1, 1 + K), units in the order of the
    network; shape (R, N, T + 1).
    """
    network = fit.network
    k = len(fit.regressors)
    rho, tau, eta = fit.dynamics
    lagged_columns = [1 + fit.regressors.index(name) for name in fit.lagged]
    slopes = fit.estimates[len(DYNAMICS) :]
    signal = (
        values[..., 1:] @ slopes[:k]
        + network.lag(values)[..., lagged_columns] @ slopes[k:]
    )
    y = values[..., 0]
    lag = network.lag(values[..., 0])
    residual = (
        y[:, 1:]
        - rho * lag[:, 1:]
        - tau * y[:, :-1]
        - eta * lag[:, :-1]
        - signal[:, 1:]
    )
    signal = signal + (residual.mean(axis=1) - residual.mean())[:, None]
    shocks = np.sqrt(fit.sigma2) * rng.standard_normal((replications, *y.T.shape))
    out = np.repeat(y[None], replications, axis=0)
    for s in range(1, y.shape[1]):
        past = out[:, :, s - 1].T
        pushed = tau * past + eta * network.lag(past) + signal[:, [s]] + shocks[:, s].T
        out[:, :, s] = network.solve(rho, pushed).T
    return out


def _summary(
    truth: Array, converged: list[Array], errors: Array, replications: int, level: float
) -> DynamicMonteCarlo:
    bias, sd = np.full((2, len(ESTIMATORS), len(DYNAMICS)), np.nan)
    for i, values in enumerate(converged):
        if len(values) >= FEWEST:
            bias[i], sd[i] = values.mean(axis=0) - truth, values.std(axis=0, ddof=1)
    counts = np.array([len(values) for values in converged])
    coverage, ratio = np.full((2, len(DYNAMICS)), np.nan)
    if counts[-1] >= FEWEST:
        gap = np.abs(converged[-1] - truth)
        coverage = (gap <= ndtri(0.5 + level / 2) * errors).mean(axis=0)
        ratio = np.divide(
            errors.mean(axis=0),
            sd[-1],
            out=np.full(len(DYNAMICS), np.nan),
            where=sd[-1] > 0,
        )
    return DynamicMonteCarlo(truth, bias, sd, coverage, ratio, counts, replications)
