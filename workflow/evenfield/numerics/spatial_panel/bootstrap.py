"""Whole years of residuals drawn again: a check of standard errors that assumes nothing about errors within a year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenfield.numerics.spatial_panel.models import SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.within import kept_share


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
    network, (n, t) = fit.network, (fit.n_units, fit.n_periods)
    values = panel.ordered(network.units)
    lag_inverse, error_inverse = network.factor(fit.rho), network.factor(fit.lam)
    e = np.ascontiguousarray(fit.residuals.T)
    systematic = values[..., 0] - fit.rho * network.lag(values[..., 0]) - error_inverse.solve(e)
    inflated = e / np.sqrt(kept_share(n, t, fit.model.effects))
    out = np.empty((draws, len(fit.names)))
    for b in range(draws):
        drawn = inflated[:, _drawn_years(rng, t, years)]
        values[..., 0] = lag_inverse.solve(systematic + error_inverse.solve(drawn))
        sample = replace(panel, units=network.units, values=values)
        out[b] = fit_spatial_panel(sample, network, fit.model).estimates
    return out


def _drawn_years(rng: np.random.Generator, t: int, years: int) -> np.ndarray:
    starts = rng.integers(0, t - years + 1, size=-(-t // years))
    return np.asarray((starts[:, None] + np.arange(years)).ravel()[:t])
