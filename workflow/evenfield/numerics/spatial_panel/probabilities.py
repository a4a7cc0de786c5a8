"""Posterior probabilities of spatial models and weights together.

Each likelihood is integrated over all its parameters: coefficients and variance in
closed form, the spatial parameter on a grid. Models need not be nested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import model_form
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.models import PanelModel, panel_moments
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

COMPARED = ("SLX", "SAR", "SEM", "SDM", "SDEM")
GRID = 2001
# ASSUME: the prior of every spatial parameter is uniform on the same interval for all
# weights, ends cut by 1e-4.
PRIOR_EDGE = 1e-4


def log_marginal_likelihood(
    panel: BalancedPanel, network: Network, model: PanelModel, prior_g: float
) -> float:
    """Integrate a model's likelihood over all its parameters.

    Notes
    -----
    LeSage and Parent (2007, Geographical Analysis 39) for one model and one W, LeSage
    (2014, Spatial Statistics 9) for panels. Coefficients and variance integrate in
    closed form: (1 + g)^(-K/2) |I - d W|^copies [(g e'e + z'z)/(1 + g)]^(-n/2), with
    z the filtered outcome and e its residual; d by the trapezoid rule in atanh(d),
    uniform prior on (-1, 1). A constant with a flat prior takes one of the n. Effects
    that are not transformed away are taken at their estimates.
    """
    form = model_form(model.model, panel.names, model.lagged)
    if form.lag and form.error:
        raise NumericsError(f"model probabilities do not cover {model.model}")
    moments = panel_moments(panel, network, model)[0]
    n = moments.counts.observations - (model.effects == "pooled")
    if not (form.lag or form.error):
        nothing = np.zeros(1)
        return float(_conditional_marginal(moments, nothing, nothing, prior_g, n)[0])
    low, high = moments.logdet.domain
    edge = 1.0 - PRIOR_EDGE
    first = np.arctanh(max(-edge, low * edge))
    last = np.arctanh(min(edge, high * edge))
    z = np.linspace(first, last, GRID)
    d = np.tanh(z)
    zero = np.zeros(GRID)
    rho, lam = (d, zero) if form.lag else (zero, d)
    logs = _conditional_marginal(moments, rho, lam, prior_g, n)
    # dd = (1 - d^2) dz; the prior density on (-1, 1) is 1/2.
    log_densities = logs + np.log1p(-(d**2)) - np.log(2.0)
    # ln of an integral whose terms are far below the smallest number.
    top = float(log_densities.max())
    return top + float(np.log(np.trapezoid(np.exp(log_densities - top), z)))


def _conditional_marginal(
    moments: PanelMoments, rho: Array, lam: Array, g: float, n: int
) -> Array:
    total = moments.cross_products(rho, lam)[..., 0, 0]
    sse = moments.least_squares(rho, lam)[1]
    shrunk = (g * sse + total) / (1.0 + g)
    logs = moments.jacobian(rho) + moments.jacobian(lam)
    shrinkage = 0.5 * moments.k * np.log1p(g)
    return np.asarray(logs - shrinkage - 0.5 * n * np.log(shrunk))


def model_probabilities(
    panel: BalancedPanel,
    networks: Mapping[str, Network],
    model: PanelModel,
    compared: Sequence[str] = COMPARED,
) -> dict[tuple[str, str], float]:
    """Return posterior probabilities of models and weights together.

    Parameters
    ----------
    panel : BalancedPanel
        Outcome and regressors.
    networks : mapping of str to Network
        Weights by name, all on the same units.
    model : PanelModel
        Effects, approach and lagged regressors; its model name is ignored.
    compared : sequence of str
        Models.

    Returns
    -------
    dict of (model, weights) to float
        Sum to one; equal prior probabilities.

    Raises
    ------
    NumericsError
        As ``log_marginal_likelihood``.

    Notes
    -----
    g = max(n, K^2) with n the observations and K the largest number of regressors, the
    benchmark prior of Fernandez, Ley and Steel (2001), the same for all models.
    """
    k = len(panel.names) * 2
    first = next(iter(networks.values()))
    n = panel_moments(panel, first, replace(model, model="OLS"))[0].counts.observations
    # The same g for all models: otherwise the prior would compare them.
    g = float(max(n, k**2))
    logs: dict[tuple[str, str], float] = {}
    for weights, net in networks.items():
        for name in compared:
            form = replace(model, model=name)
            logs[name, weights] = log_marginal_likelihood(panel, net, form, g)
    top = max(logs.values())
    total = sum(np.exp(value - top) for value in logs.values())
    return {key: float(np.exp(value - top) / total) for key, value in logs.items()}
