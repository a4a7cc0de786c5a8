"""Samples rebuilt from residuals: whole years drawn again, or the whole path of a unit
with its sign drawn.

Y* = (I - rho W)^-1 (X b + effects + (I - lambda W)^-1 e*). All samples of a block are
refitted at once, from cross-products that share the regressors.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.effects import kept_share
from evenfield.numerics.spatial_panel.impacts import (
    FEWEST_KEPT,
    effect_errors,
    effects_at,
    ratio,
)
from evenfield.numerics.spatial_panel.models import SpatialPanelFit, refitted
from evenfield.numerics.spatial_panel.panel import BalancedPanel

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
    # Moving blocks: each starts in a drawn year, and the last is cut.
    blocks = -(-t // years)
    starts = rng.integers(0, t - years + 1, size=(draws, blocks))
    followed = starts[..., None] + np.arange(years)
    order = followed.reshape(draws, -1)[:, :t]
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
    years = np.tile(np.arange(fit.n_periods), (draws, 1))
    signs = np.empty((draws, fit.n_units))
    # Signs go to units by their residuals: neither rows nor ids decide.
    by_residuals = np.lexsort(fit.residuals)
    signs[:, by_residuals] = 2.0 * rng.integers(0, 2, size=signs.shape) - 1.0
    coefficient_blocks = []
    effect_blocks = []
    for outcomes in _rebuilt(panel, fit, years, signs):
        # A sample at the edge of the range has no standard error: it is left out.
        again, bound = refitted(fit, outcomes)
        if bound.any():
            again = refitted(fit, outcomes[..., ~bound])[0]
        moves = (again.estimates - fit.estimates)[:, :-1]
        coefficient_blocks.append(moves / again.std_errors("unit")[:, :-1])
        effect_moves = effects_at(again, again.estimates) - effects
        effect_blocks.append(ratio(effect_moves, effect_errors(again, "unit")))
    coefficients = np.concatenate(coefficient_blocks)
    dropped = draws - len(coefficients)
    if len(coefficients) < draws * FEWEST_KEPT:
        raise NumericsError(
            f"{dropped} of {draws} rebuilt samples go to the edge of its range"
        )
    return UnitDraws(coefficients, np.concatenate(effect_blocks), dropped)


def _rebuilt(
    panel: BalancedPanel, fit: SpatialPanelFit, years: np.ndarray, signs: Array
) -> Iterator[Array]:
    """Rebuild outcomes (N, T, B) from residuals in drawn years (B, T) with drawn signs
    (B, N), in blocks of samples.
    """
    net = fit.network
    e = np.ascontiguousarray(fit.residuals.T)
    y = panel.ordered(net.units)[..., 0]
    lag_inverse = net.factor(fit.rho)
    error_inverse = net.factor(fit.lam)
    systematic = y - fit.rho * net.lag(y) - error_inverse.solve(e)
    errors = e / np.sqrt(kept_share(fit.n_units, fit.n_periods, fit.model.effects))
    cells = fit.point.columns.values.size + 4 * fit.n_units**2
    # What is not explained by errors stays: X b + effects, filtered by I - rho W.
    blocks = min(len(signs), -(-len(signs) * cells // BLOCK_CELLS))
    for block in np.array_split(np.arange(len(signs)), blocks):
        drawn = errors[:, years[block]] * signs[block].T[..., None]
        dependent_errors = error_inverse.solve(drawn.reshape(fit.n_units, -1))
        sides = systematic[:, None] + dependent_errors.reshape(drawn.shape)
        outcomes = lag_inverse.solve(sides.reshape(fit.n_units, -1))
        yield outcomes.reshape(drawn.shape).swapaxes(1, 2)
