"""Direct, indirect and total effects with errors by the delta method, by draws, and
clustered by unit.

A coefficient of a spatial model is not an effect: with S = (I - rho W)^-1 a regressor
acts by M = S (b I + th W). Averages of M need only tr(S), tr(S W), 1'S 1 and 1'S W 1.
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.fitted import FittedPanel
from evenfield.numerics.spatial_panel.log_determinant import (
    chebyshev_coefficients,
    chebyshev_nodes,
)
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.network import Network

NODES = 32


class Multipliers(NamedTuple):
    """What effects are made of, at G values of rho, with S = (I - rho W)^-1; or the
    derivatives of these in rho.
    """

    own: Array  # (G,) tr(S)/N and tr(S W)/N
    own_lag: Array
    all: Array  # (G,) 1'S 1/N and 1'S W 1/N
    all_lag: Array


def multipliers(network: Network, rho: Array) -> Multipliers:
    """Compute the multipliers without an inverse; rho (G,).

    Notes
    -----
    With f = ln|I - rho W|: tr(S W) = -f'(rho) and tr(S) = N + rho tr(S W).
    Row-standardised W: 1'S 1/N = 1/(1 - rho).
    """
    # tr(W) = 0 exactly: no spectrum is needed for models without a lag.
    lag = np.zeros(len(rho))
    if rho.any():
        lag = -network.logdet.slope(rho) / network.n
    totals = _totals(network, rho)
    own = 1.0 + rho * lag
    return Multipliers(
        own=own,
        own_lag=lag,
        all=totals[0],
        all_lag=totals[1],
    )


def multiplier_slopes(network: Network, rho: Array) -> Multipliers:
    """Compute the derivatives of the multipliers in rho; rho (G,)."""
    lag = -network.logdet.slope(rho) / network.n
    lag_slope = -network.logdet.curvature(rho) / network.n
    own_slope = lag + rho * lag_slope
    totals = _totals(network, rho)
    return Multipliers(
        own=own_slope, own_lag=lag_slope, all=totals[2], all_lag=totals[3]
    )


def _totals(network: Network, rho: Array) -> Array:
    """Return 1'S 1/N, 1'S W 1/N and their derivatives, shape (4, G)."""
    if network.row_standardised:
        m = 1.0 / (1.0 - rho)
        return np.stack([m, m, m**2, m**2])
    if len(rho) <= NODES or rho.max() == rho.min():
        known = {value: network.total_multipliers(value) for value in set(rho.tolist())}
        return np.array([known[value] for value in rho.tolist()]).T
    # Many draws of rho: exact at the nodes of a series over their range, right to the
    # last digits in between.
    middle = (rho.max() + rho.min()) / 2
    half = (rho.max() - rho.min()) / 2
    nodes = middle + half * chebyshev_nodes(NODES)
    exact = np.array([network.total_multipliers(node) for node in nodes])
    series = chebyshev_coefficients(exact)
    return np.asarray(chebyshev.chebval((rho - middle) / half, series))


KINDS = ("direct", "indirect", "total")
FEWEST_KEPT = 0.5


class Impacts(NamedTuple):
    """Effects of each regressor; arrays have one row for direct, indirect and total."""

    regressors: tuple[str, ...]  # regressors, in columns
    estimate: Array
    std_error: Array
    conf_low: Array
    conf_high: Array
    p_value: Array
    method: str  # ``delta`` or ``draws``
    draws: int = 0  # draws kept; 0 for the delta method
    dropped: int = 0  # draws outside the admissible range of rho, left out


def delta_impacts(
    fit: FittedPanel, kind: str = "observed", level: float = 0.95
) -> Impacts:
    """Return effects with standard errors by the delta method.

    Parameters
    ----------
    fit : FittedPanel
        A fit.
    kind : str
        Covariance: ``observed``, ``expected``, ``qml`` or ``unit``.
    level : float
        Level of the intervals.

    Notes
    -----
    M_k = (I - rho W)^-1 (b_k I + th_k W); direct tr(M_k)/N, total 1'M_k 1/N, indirect
    the rest (LeSage and Pace 2009, ch. 2). tr(S) and tr(S W) follow from the derivative
    of the stored log-determinant: no inverse, no sampled traces. The gradient includes
    rho, b_k and th_k together, so that cov(rho, b) and cov(rho, th) count.
    """
    estimate = effects_at(fit, fit.estimates[None, :])[0]
    std_error = effect_errors(fit, kind)
    half = ndtri(0.5 + level / 2) * std_error
    return Impacts(
        regressors=fit.regressors,
        estimate=estimate,
        std_error=std_error,
        conf_low=estimate - half,
        conf_high=estimate + half,
        p_value=2 * ndtr(-np.abs(ratio(estimate, std_error))),
        method="delta",
    )


def ratio(estimate: Array, std_error: Array) -> Array:
    """Return t statistics, NaN for an effect that is zero by construction (the indirect
    one of SEM).
    """
    undefined = np.full_like(estimate, np.nan)
    return np.divide(estimate, std_error, out=undefined, where=std_error > 0)


def drawn_impacts(
    fit: FittedPanel,
    rng: np.random.Generator,
    draws: int = 10_000,
    kind: str = "observed",
    level: float = 0.95,
    widening: float = 1.0,
) -> Impacts:
    """Return effects with errors from draws of all parameters.

    Parameters
    ----------
    fit : FittedPanel
        A fit.
    rng : numpy.random.Generator
        Seeded stream.
    draws : int
        Draws of the parameters from their joint normal approximation.
    kind : str
        Covariance: ``observed``, ``expected`` or ``qml``.
    level : float
        Level of the percentile intervals.
    widening : float
        What multiplies the errors of the parameters.

    Returns
    -------
    Impacts
        Estimates at the optimum; standard deviations, percentiles and two-sided tail
        shares of the draws.

    Raises
    ------
    NumericsError
        If more than half of the draws leave the admissible range of rho.
    """
    effects, dropped = effect_draws(fit, rng, draws, kind, widening)
    estimate = effects_at(fit, fit.estimates[None, :])[0]
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    low, high = np.quantile(effects, tails, axis=0)
    below = (effects <= 0).mean(axis=0)
    share = np.minimum(below, (effects >= 0).mean(axis=0))
    p_value = np.minimum(2 * np.maximum(share, 1.0 / len(effects)), 1.0)
    return Impacts(
        regressors=fit.regressors,
        estimate=estimate,
        std_error=effects.std(axis=0, ddof=1),
        conf_low=low,
        conf_high=high,
        p_value=p_value,
        method="draws",
        draws=len(effects),
        dropped=dropped,
    )


def effect_draws(
    fit: FittedPanel, rng: np.random.Generator, draws: int, kind: str, widening: float
) -> tuple[Array, int]:
    """Draw the effects from the joint normal approximation of all parameters."""
    cov = fit.covariance(kind)[:-1, :-1]
    shocks = rng.standard_normal((draws, len(cov)))
    sampled = fit.estimates[:-1] + widening * (shocks @ scaled_cholesky(cov).T)
    rho = sampled[:, 0] if fit.names[0] == "rho" else np.zeros(draws)
    low, high = fit.network.logdet.domain
    inside = (rho > low) & (rho < high)
    if inside.mean() < FEWEST_KEPT:
        raise NumericsError(
            f"{(~inside).sum()} of {draws} draws of rho leave its range: use the delta"
            " method"
        )
    return effects_at(fit, sampled[inside]), int((~inside).sum())


def effects_at(fit: FittedPanel, parameters: Array) -> Array:
    """Return direct, indirect and total effects at given parameters; parameters (G, p)
    -> (G, 3, K).
    """
    rho = parameters[:, 0] if fit.names[0] == "rho" else np.zeros(len(parameters))
    return effects_of(multipliers(fit.network, rho), *_slopes(fit, parameters))


def effects_of(parts: Multipliers, beta: Array, theta: Array) -> Array:
    """Return direct, indirect and total effects; beta, theta (G, K) -> (G, 3, K)."""
    # Indirect: the whole of a row of M, less its own entry.
    beside = (parts.all - parts.own)[:, None]
    beside_lag = (parts.all_lag - parts.own_lag)[:, None]
    direct = parts.own[:, None] * beta + parts.own_lag[:, None] * theta
    indirect = beside * beta + beside_lag * theta
    return np.stack([direct, indirect, direct + indirect], axis=1)


def _slopes(fit: FittedPanel, parameters: Array) -> tuple[Array, Array]:
    """Return coefficients b and th, both shape (G, K); th is zero where no spatial lag
    enters.
    """
    start = fit.names.index(fit.regressors[0])
    k = len(fit.regressors)
    beta = parameters[:, start : start + k]
    theta = np.zeros((len(parameters), k))
    lagged = [fit.regressors.index(name) for name in fit.lagged]
    theta[:, lagged] = parameters[:, start + k : start + k + len(lagged)]
    return beta, theta


def effect_errors(fit: FittedPanel, kind: str) -> Array:
    """Return the standard errors of the effects by the delta method; shape (..., 3, K)."""
    gradients = effect_gradients(fit)
    cov = fit.covariance(kind)[..., None, :, :]
    return np.asarray(np.sqrt(((gradients @ cov) * gradients).sum(axis=-1)))


def effect_gradients(fit: FittedPanel) -> Array:
    """Return the derivatives of the effects in all parameters; shape (..., 3, K, p), as
    many as the fit has samples.
    """
    at = np.atleast_2d(fit.estimates)
    rho = at[:, 0] * (fit.names[0] == "rho")
    beta, theta = _slopes(fit, at)
    parts = multipliers(fit.network, rho)
    start = fit.names.index(fit.regressors[0])
    out = np.zeros((len(at), 3, beta.shape[1], len(fit.names)))
    if fit.names[0] == "rho":
        out[..., 0] = effects_of(multiplier_slopes(fit.network, rho), beta, theta)
    one = np.ones((1, 1))
    none = np.zeros((1, 1))
    # Effects are linear in b and th: their derivatives are effects of units.
    own = effects_of(parts, one, none)[..., 0]
    lag = effects_of(parts, none, one)[..., 0]
    for k, name in enumerate(fit.regressors):
        out[:, :, k, start + k] = own
        if name in fit.lagged:
            out[:, :, k, start + beta.shape[1] + fit.lagged.index(name)] = lag
    return out.reshape(*fit.estimates.shape[:-1], *out.shape[1:])


def scaled_cholesky(cov: Array) -> Array:
    """Return a lower root of a covariance whose parameters may differ much in scale."""
    scale = np.sqrt(np.diag(cov))
    lower = np.linalg.cholesky(cov / np.outer(scale, scale))
    return np.asarray(scale[:, None] * lower)


class ClusteredImpacts(NamedTuple):
    """Effects with t intervals by unit."""

    impacts: Impacts  # estimates, standard errors, intervals and p-values
    effective_units: Array  # (3, K) G*

    @property
    def df(self) -> Array:
        """Degrees of freedom of each interval: G* - 1, at least one."""
        return np.maximum(self.effective_units - 1.0, 1.0)


def clustered_impacts(fit: SpatialPanelFit, level: float = 0.95) -> ClusteredImpacts:
    """Return effects with the sandwich by unit and t(G* - 1).

    Parameters
    ----------
    fit : SpatialPanelFit
        A fit.
    level : float
        Level of the intervals.

    Raises
    ------
    NumericsError
        If the spatial parameter is at the edge of its range.

    Notes
    -----
    Delta method on ``fit.covariance("unit")``, see ``clustered.unit_score_covariance``.
    G* as in Carter, Schnepel and Steigerwald (2017): how many equal units the variation
    behind an effect is worth.
    """
    result = delta_impacts(fit, "unit", level)
    gradients = effect_gradients(fit).reshape(-1, len(fit.names))
    effective = np.array([fit.effective_units(gradient) for gradient in gradients])
    clustered = ClusteredImpacts(result, effective.reshape(result.estimate.shape))
    half = stdtrit(clustered.df, 0.5 + level / 2) * result.std_error
    t_statistics = ratio(result.estimate, result.std_error)
    impacts = result._replace(
        conf_low=result.estimate - half,
        conf_high=result.estimate + half,
        p_value=2 * stdtr(clustered.df, -np.abs(t_statistics)),
    )
    return clustered._replace(impacts=impacts)
