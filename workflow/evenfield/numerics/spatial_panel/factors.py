"""Common factors taken out of a spatial panel: what is left of rho when shocks hit
units with different strength.

Time effects hit all units alike; a factor hits each with a loading of its own, and what
it leaves in the residuals of neighbours would be read as a spatial lag.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.likelihood_maximum import highest_likelihood
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    fit_moments,
    fitted_point,
    panel_moments,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

ITERATIONS = 2000
TOLERANCE = 1e-9


class FactorFit(NamedTuple):
    """A model with and without common factors."""

    before: SpatialPanelFit  # fits without factors and with them
    after: SpatialPanelFit
    factors: int  # number of factors
    iterations: int  # steps taken
    converged: bool  # whether the steps came to rest


def fit_with_factors(
    panel: BalancedPanel, network: Network, model: PanelModel, factors: int = 1
) -> FactorFit:
    """Estimate a spatial panel with interactive effects beside the additive ones.

    Parameters
    ----------
    panel, network, model
        As for ``fit_spatial_panel``.
    factors : int
        Number of common factors.

    Raises
    ------
    NumericsError
        If there are as many factors as units or periods.

    Notes
    -----
    e = (I - lambda W)(y - rho W y - X b) - L f_t with loadings L and factors f_t
    estimated: least squares given the rest is the leading part of a singular value
    decomposition, the rest given it is the usual maximum (Bai 2009; Shi and Lee 2017).
    Both steps climb the same likelihood. No bias correction: a comparison, not a
    headline.
    """
    if not 1 <= factors < min(network.n, len(panel.periods)) - 1:
        raise NumericsError(
            f"{factors} factors in {network.n} units and {len(panel.periods)} periods"
        )
    moments, columns = panel_moments(panel, network, model)
    before = fit_moments(panel, network, model, moments, columns)
    point = before.point
    outcome = columns.values[..., 0].copy()
    common = np.zeros(columns.values.shape[:2])
    estimates = before.estimates
    near = (0.0, 0.0)
    steps = 0
    converged = False
    while not converged and steps < ITERATIONS:
        steps += 1
        previous = estimates
        # Factors given the rest, then the rest given the factors.
        common = _leading_part(common + point.residuals, factors)
        values = columns.values.copy()
        values[..., 0] = outcome - common
        columns = replace(columns, values=values)
        moments = replace(moments, gram=columns.gram())
        best = highest_likelihood(moments, point.form, near)
        point = fitted_point(best, moments, columns, network, point.form, model.effects)
        estimates = point.estimates
        # The next peak lies about as far away as this one lay from the last.
        move = 2.0 * abs(estimates[0] - previous[0])
        near = (float(estimates[0] - move), float(estimates[0] + move))
        change = np.abs(estimates - previous).max()
        converged = bool(change < TOLERANCE * (1.0 + np.abs(previous).max()))
    after = fit_moments(panel, network, model, moments, columns)
    return FactorFit(
        before, _projected(after, common, factors), factors, steps, converged
    )


def _leading_part(values: Array, rank: int) -> Array:
    u, s, vt = np.linalg.svd(values, full_matrices=False)
    return np.asarray((u[:, :rank] * s[:rank]) @ vt[:rank])


def _projected(fit: SpatialPanelFit, common: Array, rank: int) -> SpatialPanelFit:
    """Take loadings and factors out of every column, so that the covariance knows that
    they were estimated.
    """
    u, _, vt = np.linalg.svd(common, full_matrices=False)
    loadings = u[:, :rank]
    paths = vt[:rank].T
    values = fit.point.columns.values
    values = values - np.einsum("ir,jr,jtp->itp", loadings, loadings, values)
    values = values - np.einsum("tr,sr,isp->itp", paths, paths, values)
    columns = replace(fit.point.columns, values=values)
    moments = replace(fit.point.moments, gram=columns.gram())
    return replace(fit, point=replace(fit.point, columns=columns, moments=moments))
