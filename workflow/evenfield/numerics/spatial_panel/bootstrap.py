"""Samples rebuilt from residuals: whole years drawn again, or the whole path of a unit with its sign drawn."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import with_outcome
from evenfield.numerics.spatial_panel.impacts import FEWEST_KEPT, effect_errors, effects_at
from evenfield.numerics.spatial_panel.models import SpatialPanelFit, fit_moments
from evenfield.numerics.spatial_panel.panel import BalancedPanel, kept_share


def year_bootstrap(
    panel: BalancedPanel, fit: SpatialPanelFit, rng: np.random.Generator, draws: int = 999, years: int = 1
) -> np.ndarray:
    """Refit a model on outcomes rebuilt from resampled years of residuals.

    Parameters
    ----------
    panel : BalancedPanel
        The panel of the fit.
    fit : SpatialPanelFit
        A fit.
    rng : numpy.random.Generator
        Seeded stream.
    draws : int
        Number of rebuilt samples.
    years : int
        Consecutive years that stay together.

    Returns
    -------
    ndarray, shape (draws, p)
        Estimates in the order of ``fit.names``; their standard deviation is the bootstrap standard error.

    Notes
    -----
    Y* = (I - rho W)^-1 (X b + effects + (I - lambda W)^-1 e*), e* whole cross-sections of residuals, inflated by the
    square root of the share of variance that the effects took out.
    """
    out = np.empty((draws, len(fit.names)))
    rebuild, t = _Rebuilder(panel, fit), fit.n_periods
    for b in range(draws):
        out[b] = rebuild.refit(rebuild.errors[:, _drawn_years(rng, t, years)]).estimates
    return out


class UnitDraws(NamedTuple):
    """Statistics of samples rebuilt with the signs of whole units drawn."""

    coefficients: np.ndarray
    effects: np.ndarray  # (kept, 3, K) the same for direct, indirect and total effects
    dropped: int  # samples whose spatial parameter went to the edge of its range


def unit_bootstrap(panel: BalancedPanel, fit: SpatialPanelFit, rng: np.random.Generator, draws: int = 499) -> UnitDraws:
    """Refit a model on outcomes rebuilt with the whole path of each unit's residuals kept or turned over.

    Parameters
    ----------
    panel : BalancedPanel
        The panel of the fit.
    fit : SpatialPanelFit
        A fit.
    rng : numpy.random.Generator
        Seeded stream.
    draws : int
        Number of rebuilt samples.

    Returns
    -------
    UnitDraws

    Raises
    ------
    NumericsError
        If more than half of the samples go to the edge of its range.

    Notes
    -----
    Wild cluster bootstrap-t with one Rademacher sign per unit, unrestricted (Cameron, Gelbach and Miller 2008): the
    correlation over years and the variance of each unit stay as they are. Units count as independent given W.
    """
    rebuild, effects = _Rebuilder(panel, fit), effects_at(fit, fit.estimates[None, :])[0]
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    order = np.lexsort(fit.residuals)  # signs go to units by their residuals: neither rows nor ids decide
    for _ in range(draws):
        signs = np.empty(fit.n_units)
        signs[order] = 2.0 * rng.integers(0, 2, size=fit.n_units) - 1.0
        again = rebuild.refit(rebuild.errors * signs[:, None])
        if not again.at_bound:
            kept.append(_statistics(fit, again, effects))
    if len(kept) < draws * FEWEST_KEPT:
        raise NumericsError(f"{draws - len(kept)} of {draws} rebuilt samples go to the edge of its range")
    return UnitDraws(np.array([a for a, _ in kept]), np.array([b for _, b in kept]), draws - len(kept))


def _statistics(fit: SpatialPanelFit, again: SpatialPanelFit, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    errors, spread = again.std_errors("unit"), effect_errors(again, "unit")
    gap = effects_at(again, again.estimates[None, :])[0] - effects
    by_effect = np.divide(gap, spread, out=np.full_like(gap, np.nan), where=spread > 0)
    return (again.estimates - fit.estimates)[:-1] / errors[:-1], by_effect


class _Rebuilder:
    """The systematic part of a fit and its residuals, ready for new samples."""

    def __init__(self, panel: BalancedPanel, fit: SpatialPanelFit) -> None:
        self.panel, self.fit = panel, fit
        self.lag_inverse, self.error_inverse = fit.network.factor(fit.rho), fit.network.factor(fit.lam)
        e, y = np.ascontiguousarray(fit.residuals.T), panel.ordered(fit.network.units)[..., 0]
        self.systematic = y - fit.rho * fit.network.lag(y) - self.error_inverse.solve(e)
        self.errors = e / np.sqrt(kept_share(fit.n_units, fit.n_periods, fit.model.effects))

    def refit(self, errors: np.ndarray) -> SpatialPanelFit:
        """Fit the model again on the outcome that these errors, shape (N, T), give."""
        outcome, fit = self.lag_inverse.solve(self.systematic + self.error_inverse.solve(errors)), self.fit
        columns = with_outcome(fit.point.columns, outcome, fit.network, fit.model.effects)
        moments = replace(fit.point.moments, gram=columns.gram())
        return fit_moments(self.panel, fit.network, fit.model, moments, columns)


def _drawn_years(rng: np.random.Generator, t: int, years: int) -> np.ndarray:
    starts = rng.integers(0, t - years + 1, size=-(-t // years))
    return np.asarray((starts[:, None] + np.arange(years)).ravel()[:t])
