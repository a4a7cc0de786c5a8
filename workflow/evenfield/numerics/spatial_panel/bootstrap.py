"""Samples rebuilt from residuals: whole years drawn again, or the whole path of a unit
with its sign drawn.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.impacts import (
    FEWEST_KEPT,
    effect_errors,
    effects_at,
)
from evenfield.numerics.spatial_panel.models import SpatialPanelFit, refitted
from evenfield.numerics.spatial_panel.panel import BalancedPanel, kept_share

BLOCK_CELLS = 1 << 21


def year_bootstrap(
    panel: BalancedPanel,
    fit: SpatialPanelFit,
    rng: np.random.Generator,
    draws: int = 999,
    years: int = 1,
) -> Array:
    """Refit a model on outcomes rebuilt from resampled years of residuals.

    Parameters
    ----------
    panel, fit
        A panel and its fit.
    rng : numpy.random.Generator
        Seeded stream.
    draws : int
        Number of rebuilt samples.
    years : int
        Consecutive years that stay together.

    Returns
    -------
    ndarray, shape (draws, p)
        Estimates in the order of ``fit.names``; their standard deviation is the
        bootstrap standard error.

    Notes
    -----
    Y* = (I - rho W)^-1 (X b + effects + (I - lambda W)^-1 e*), e* whole cross-sections
    of residuals, inflated by the square root of the share of variance that the effects
    took out.
    """
    t = fit.n_periods
    starts = rng.integers(0, t - years + 1, size=(draws, -(-t // years)))
    order = (starts[..., None] + np.arange(years)).reshape(draws, -1)[:, :t]
    rebuilt = _rebuilt(panel, fit, order, np.ones((draws, fit.n_units)))
    return np.concatenate(
        [refitted(fit, outcomes)[0].estimates for outcomes in rebuilt]
    )


class UnitDraws(NamedTuple):
    """Statistics of samples rebuilt with the signs of whole units drawn."""

    coefficients: Array
    effects: Array  # (kept, 3, K) the same for direct, indirect and total effects
    dropped: int  # samples whose spatial parameter went to the edge of its range


def unit_bootstrap(
    panel: BalancedPanel,
    fit: SpatialPanelFit,
    rng: np.random.Generator,
    draws: int = 499,
) -> UnitDraws:
    """Refit a model on outcomes rebuilt with the whole path of each unit's residuals
    kept or turned over.

    Parameters
    ----------
    panel, fit, rng
        As for ``year_bootstrap``.
    draws : int
        Number of rebuilt samples.

    Raises
    ------
    NumericsError
        If more than half of the samples go to the edge of its range.

    Notes
    -----
    Wild cluster bootstrap-t with one Rademacher sign per unit, unrestricted (Cameron,
    Gelbach and Miller 2008): the correlation over years and the variance of each unit
    stay as they are. Units count as independent given W.
    """
    effects = effects_at(fit, fit.estimates[None, :])
    order = np.tile(np.arange(fit.n_periods), (draws, 1))
    signs = np.empty((draws, fit.n_units))
    effect_draws = []
    # Signs go to units by their residuals: neither rows nor ids decide.
    signs[:, np.lexsort(fit.residuals)] = (
        2.0 * rng.integers(0, 2, size=signs.shape) - 1.0
    )
    for outcomes in _rebuilt(panel, fit, order, signs):
        again, bound = refitted(fit, outcomes)
        if bound.any():
            again = refitted(fit, outcomes[..., ~bound])[0]
        errors = again.std_errors("unit")
        std_error = effect_errors(again, "unit")
        gap = effects_at(again, again.estimates) - effects
        by_effect = np.divide(
            gap, std_error, out=np.full_like(gap, np.nan), where=std_error > 0
        )
        effect_draws.append(
            ((again.estimates - fit.estimates)[:, :-1] / errors[:, :-1], by_effect)
        )
    coefficients, by_effect = (
        np.concatenate(parts) for parts in zip(*effect_draws, strict=True)
    )
    if (draws_used := len(coefficients)) < draws * FEWEST_KEPT:
        raise NumericsError(
            f"{draws - draws_used} of {draws} rebuilt samples go to the edge of its range"
        )
    return UnitDraws(coefficients, by_effect, draws - draws_used)


def _rebuilt(
    panel: BalancedPanel, fit: SpatialPanelFit, years: np.ndarray, signs: Array
) -> Iterator[Array]:
    """Rebuild outcomes (N, T, B) from residuals in drawn years (B, T) with drawn signs
    (B, N), in blocks of samples.
    """
    net = fit.network
    e = np.ascontiguousarray(fit.residuals.T)
    y = panel.ordered(fit.network.units)[..., 0]
    lag_inverse = net.factor(fit.rho)
    error_inverse = net.factor(fit.lam)
    systematic = y - fit.rho * net.lag(y) - error_inverse.solve(e)
    errors = e / np.sqrt(kept_share(fit.n_units, fit.n_periods, fit.model.effects))
    cells = fit.point.columns.values.size + 4 * fit.n_units**2
    for block in np.array_split(
        np.arange(len(signs)), min(len(signs), -(-len(signs) * cells // BLOCK_CELLS))
    ):
        drawn = errors[:, years[block]] * signs[block].T[..., None]
        sides = systematic[:, None] + error_inverse.solve(
            drawn.reshape(fit.n_units, -1)
        ).reshape(drawn.shape)
        yield (
            lag_inverse.solve(sides.reshape(fit.n_units, -1))
            .reshape(drawn.shape)
            .swapaxes(1, 2)
        )
