"""Spatial lag and spatial error panels with random unit effects (Baltagi's form) by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, root

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.models import PanelModel, panel_moments
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.optimum import EDGE, at_edge
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_likelihood import ErrorLikelihood, LagLikelihood, RandomLikelihood

FORMS: dict[str, type[LagLikelihood] | type[ErrorLikelihood]] = {
    "SAR": LagLikelihood,
    "SDM": LagLikelihood,
    "SEM": ErrorLikelihood,
    "SDEM": ErrorLikelihood,
}
LOG_PHI = (-15.0, 15.0)
STARTS = ((0.0, 1.0), (0.5, 3.0))
STEP = 1e-5


@dataclass(frozen=True)
class RandomEffectsFit:
    """A fitted spatial panel with random unit effects."""

    model: PanelModel  # model and lagged regressors; its effects and approach are not used
    network: Network  # weights
    names: tuple[str, ...]  # ``rho`` or ``lambda``, regressors, ``W <regressor>``, ``phi``, ``sigma2``
    estimates: np.ndarray  # (p,) phi is the variance of the unit effects over that of the innovations
    regressors: tuple[str, ...]  # regressors, and those whose spatial lag enters
    lagged: tuple[str, ...]
    log_likelihood: float  # at the optimum
    at_bound: bool  # whether a variance or the spatial parameter is at the edge of its range
    observed: np.ndarray  # (p, p) covariance from the Hessian

    def __getitem__(self, name: str) -> float:
        """Return one estimate by the name of its parameter."""
        return float(self.estimates[self.names.index(name)])

    @property
    def rho(self) -> float:
        """Parameter of the spatial lag of the outcome; 0 where the model has none."""
        return self["rho"] if self.names[0] == "rho" else 0.0

    def covariance(self, kind: str = "observed") -> np.ndarray:
        """Return the covariance of all estimates; shape (p, p)."""
        if kind != "observed":
            raise NumericsError("random effects have the covariance of the observed information only")
        if self.at_bound:
            raise NumericsError("a variance or the spatial parameter is at the edge of its range: no standard errors")
        return self.observed


def fit_random_effects(panel: BalancedPanel, network: Network, model: PanelModel) -> RandomEffectsFit:
    """Estimate a spatial panel with random unit effects.

    Parameters
    ----------
    panel : BalancedPanel
        Outcome and regressors, constant in time or not; units are matched to the weights by id.
    network : Network
        Weights.
    model : PanelModel
        SAR, SDM, SEM or SDEM.

    Returns
    -------
    RandomEffectsFit

    Raises
    ------
    NumericsError
        If the model has no random-effects form here, the weights of an error model are not row-standardised, or the
        likelihood has no maximum.

    Notes
    -----
    SAR: y = rho W y + X b + mu + e. SEM: u = mu + v, v = lambda W v + e, so that the unit effects do not spread
    (Baltagi, Song and Koh 2003; Kapoor, Kelejian and Prucha 2007 spread them too). phi = var(mu)/var(e). Elhorst
    (2003); Millo and Piras (2012, Journal of Statistical Software 47).
    """
    if model.model not in FORMS:
        raise NumericsError(f"{model.model} has no random-effects form here, expected one of {', '.join(FORMS)}")
    if model.model in ("SEM", "SDEM") and not network.row_standardised:
        raise NumericsError("a spatial error model with random effects needs row-standardised weights")
    pooled = PanelModel(model.model, "pooled", "direct", model.lagged)
    moments, columns = panel_moments(panel, network, pooled)
    likelihood = FORMS[model.model](moments, columns, network)
    best, at_bound = _maximise(likelihood, network)
    beta, sigma2 = likelihood.profile(*best)
    vector = np.array([best[0], *beta, best[1], sigma2])
    scale = np.concatenate([[1.0], 1.0 / columns.scales, [1.0, 1.0]])
    lagged = panel.names if model.model in ("SDM", "SDEM") and model.lagged is None else model.lagged or ()
    lagged = tuple(name for name in panel.names if name in lagged) if model.model in ("SDM", "SDEM") else ()
    cov = scale[:, None] * _covariance(likelihood, vector) * scale
    spatial = "rho" if model.model in ("SAR", "SDM") else "lambda"
    names = (spatial, *panel.names, *(f"W {name}" for name in lagged), "phi", "sigma2")
    height = likelihood.log_likelihood(*best)
    return RandomEffectsFit(model, network, names, vector * scale, panel.names, lagged, height, at_bound, cov)


def _maximise(likelihood: RandomLikelihood, network: Network) -> tuple[tuple[float, float], bool]:
    """Climb from several starts in (d, ln phi), then solve the score for its root."""
    low, high = network.logdet.domain
    middle, half = (low + high) / 2, (high - low) / 2 * (1 - EDGE)
    bounds = [(middle - half, middle + half), LOG_PHI]

    def descent(x: np.ndarray) -> tuple[float, np.ndarray]:
        phi = float(np.exp(x[1]))
        score = likelihood.score(float(x[0]), phi)
        return -likelihood.log_likelihood(float(x[0]), phi), -score * np.array([1.0, phi])

    def slope(x: np.ndarray) -> np.ndarray:
        return descent(x)[1]

    found = [minimize(descent, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds) for start in STARTS]
    top = min(found, key=lambda result: float(result.fun))
    edge = at_edge(top.x[0], low, high) or at_edge(top.x[1], *LOG_PHI)
    if not edge:
        polished = root(slope, top.x, tol=1e-12)
        if polished.success or descent(polished.x)[0] <= top.fun:
            top.x = polished.x
    return (float(top.x[0]), float(np.exp(top.x[1]))), edge


def _covariance(likelihood: RandomLikelihood, vector: np.ndarray) -> np.ndarray:
    """Invert minus the Hessian, differenced from the analytic score of all parameters."""
    steps = STEP * np.maximum(np.abs(vector), np.array([1e-2] * (len(vector) - 1) + [0.0]))
    rows = [(likelihood.full_score(vector + step) - likelihood.full_score(vector - step)) / (2 * size)
            for size, step in zip(steps, np.diag(steps), strict=True)]  # fmt: skip
    hessian = np.array(rows)
    information = -(hessian + hessian.T) / 2
    scale = np.sqrt(np.abs(np.diag(information)))
    return np.asarray(np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale))
