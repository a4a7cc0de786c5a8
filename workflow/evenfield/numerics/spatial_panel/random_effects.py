"""Random unit effects in spatial panels, by maximum likelihood in (d, phi).

d is the spatial parameter and phi the variance of the unit effects over that of the
innovations. Given both, coefficients are generalised least squares, whose
cross-products and derivatives ``pieces`` returns; the rest is common to all models.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize, root

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import ModelColumns, model_form, with_lags
from evenfield.numerics.spatial_panel.fitted import FittedPanel
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.likelihood_maximum import EDGE, at_edge
from evenfield.numerics.spatial_panel.models import EXACT_FIT, PanelModel, panel_moments
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel


class Pieces(NamedTuple):
    """A likelihood at one (d, phi): ln-determinant part and GLS cross-products of
    [outcome, X], with derivatives.
    """

    log: float  # part of the log-likelihood that holds no residual, and its derivatives
    log_d: float
    log_phi: float
    # (1 + K, 1 + K) cross-products in the metric of the errors, and their derivatives
    cross: Array
    cross_d: Array
    cross_phi: Array


@dataclass(frozen=True)
class RandomLikelihood(ABC):
    """Gaussian likelihood l = log - NT/2 ln(2 pi s2) - w' cross w / (2 s2), w = (1,
    -b).
    """

    moments: PanelMoments  # cross-products of the columns less their grand means
    columns: ModelColumns  # the columns
    network: Network  # weights

    @abstractmethod
    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the likelihood's pieces at a spatial parameter and a variance ratio."""

    @property
    def t(self) -> int:
        """Number of periods."""
        return int(self.columns.values.shape[1])

    @cached_property
    def _means(self) -> Array:
        """Unit means of all columns, shape (N, 3 + 2K)."""
        means = self.columns.values.mean(axis=1) / self.columns.lengths
        out = np.zeros((self.network.n, len(self.moments.gram)))
        out[:, self.columns.positions] = means
        return out

    @cached_property
    def _between(self) -> Array:
        return self.t * self._means.T @ self._means

    def profile(self, d: float, phi: float) -> tuple[np.ndarray, float]:
        """Return coefficients and variance at given d and phi."""
        cross = self.pieces(d, phi).cross
        beta = np.linalg.solve(cross[1:, 1:], cross[1:, 0])
        sse = float(cross[0, 0] - cross[0, 1:] @ beta)
        if not sse > EXACT_FIT * cross[0, 0]:
            raise NumericsError(
                "the regressors fit the outcome exactly: no error variance is left"
            )
        return beta, sse / self.moments.counts.observations

    def log_likelihood(self, d: float, phi: float) -> float:
        """Return the concentrated log-likelihood."""
        n = self.moments.counts.observations
        log_variance = float(np.log(2 * np.pi * self.profile(d, phi)[1]))
        return self.pieces(d, phi).log - 0.5 * n * (log_variance + 1)

    def score(self, d: float, phi: float) -> Array:
        """Return the derivatives of the concentrated log-likelihood in d and phi; shape
        (2,).
        """
        beta, sigma2 = self.profile(d, phi)
        full = self.full_score(np.array([d, *beta, phi, sigma2]))
        return full[[0, -2]]

    def full_score(self, vector: Array) -> Array:
        """Return the derivatives of the log-likelihood in all parameters; vector (K +
        3,) -> (K + 3,).
        """
        d = float(vector[0])
        beta = vector[1:-2]
        phi = float(vector[-2])
        s2 = float(vector[-1])
        at = self.pieces(d, phi)
        w = np.concatenate([[1.0], -beta])
        n = self.moments.counts.observations
        by_d = at.log_d - float(w @ at.cross_d @ w) / (2 * s2)
        by_beta = (at.cross @ w)[1:] / s2
        by_phi = at.log_phi - float(w @ at.cross_phi @ w) / (2 * s2)
        by_s2 = float(w @ at.cross @ w) / (2 * s2**2) - n / (2 * s2)
        return np.array([by_d, *by_beta, by_phi, by_s2])


class LagLikelihood(RandomLikelihood):
    """SAR and SDM: e = y - rho W y - X b has variance s2 (I + phi J_T x I)."""

    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the pieces: between-unit cross-products count psi = 1 / (1 + T phi)."""
        psi = 1.0 / (1.0 + self.t * phi)
        rho = np.asarray(d)
        A = self.moments.columns(rho, np.asarray(0.0))
        slope = self.moments.column_slopes(d, 0.0)[0]
        gram = self.moments.gram - (1.0 - psi) * self._between
        half = slope.T @ gram @ A
        log_psi = float(np.log(psi))
        return Pieces(
            log=float(self.moments.jacobian(rho)) + 0.5 * self.network.n * log_psi,
            log_d=float(self.moments.jacobian_slope(rho)),
            log_phi=-0.5 * self.network.n * self.t * psi,
            cross=A.T @ gram @ A,
            cross_d=half + half.T,
            cross_phi=-self.t * psi**2 * (A.T @ self._between @ A),
        )


class ErrorLikelihood(RandomLikelihood):
    """SEM and SDEM: u = mu + v, v = lambda W v + e; the unit means have variance s2
    (phi I + (B'B)^-1 / T).
    """

    def pieces(self, d: float, phi: float) -> Pieces:
        """Return the pieces, with B = I - lambda W, K = I + T phi B B' and V the
        filtered unit means.
        """
        t = self.t
        lam = np.asarray(d)
        A = self.moments.columns(np.asarray(0.0), lam)
        slope = self.moments.column_slopes(0.0, d)[1]
        links, squares = self._link_matrices
        square = np.eye(self.network.n) - d * links + d**2 * squares  # B B'
        square_d = 2 * d * squares - links
        inverse = np.linalg.inv(np.eye(self.network.n) + t * phi * square)
        V = self._means @ A
        V_d = self._means @ slope
        # The constant is concentrated out in the metric of the unit means, where it is
        # no eigenvector.
        level = inverse.sum(axis=0)
        V = V - (level @ V) / level.sum()
        U = inverse @ V
        within = self.moments.gram - self._between
        half = slope.T @ within @ A + t * V_d.T @ U
        log_det = float(np.linalg.slogdet(inverse)[1])
        log_det_d = t * phi * float(np.vdot(inverse, square_d))
        return Pieces(
            log=float(self.moments.jacobian(lam)) + 0.5 * log_det,
            log_d=float(self.moments.jacobian_slope(lam)) - 0.5 * log_det_d,
            log_phi=-0.5 * t * float(np.vdot(inverse, square)),
            cross=A.T @ within @ A + t * V.T @ U,
            cross_d=half + half.T - t**2 * phi * (U.T @ square_d @ U),
            cross_phi=-(t**2) * (U.T @ square @ U),
        )

    @cached_property
    def _link_matrices(self) -> tuple[Array, Array]:
        w = self.network.dense("a model of random effects and spatial errors")
        return w + w.T, w @ w.T


MODELS = ("SAR", "SDM", "SEM", "SDEM")
LOG_PHI = (-15.0, 15.0)
STARTS = ((0.0, 1.0), (0.5, 3.0))
STEP = 1e-5


@dataclass(frozen=True)
class RandomEffectsFit(FittedPanel):
    """A fitted spatial panel with random unit effects; ``phi``, the variance of the
    unit effects over that of the innovations, stands before ``sigma2``.
    """

    model: PanelModel  # its effects and approach are not used
    observed: Array  # (p, p) covariance from the Hessian

    def covariance(self, kind: str = "observed") -> Array:
        """Return the covariance of all estimates; shape (p, p)."""
        if kind != "observed":
            raise NumericsError(
                "random effects have the covariance of the observed information only"
            )
        if self.at_bound:
            raise NumericsError(
                "a variance or the spatial parameter is at the edge of its range: no"
                " standard errors"
            )
        return self.observed


def fit_random_effects(
    panel: BalancedPanel, network: Network, model: PanelModel
) -> RandomEffectsFit:
    """Estimate a spatial panel with random unit effects.

    Parameters
    ----------
    panel : BalancedPanel
        Outcome and regressors, constant in time or not; units are matched to the
        weights by id.
    network : Network
        Weights.
    model : PanelModel
        SAR, SDM, SEM or SDEM.

    Raises
    ------
    NumericsError
        If the model has no random-effects form here, the weights of an error model are
        not row-standardised, or the likelihood has no maximum.

    Notes
    -----
    SAR: y = rho W y + X b + mu + e. SEM: u = mu + v, v = lambda W v + e, so that the
    unit effects do not spread (Baltagi, Song and Koh 2003; Kapoor, Kelejian and Prucha
    2007 spread them too). phi = var(mu)/var(e). Elhorst (2003); Millo and Piras (2012,
    Journal of Statistical Software 47).
    """
    if model.model not in MODELS:
        raise NumericsError(
            f"{model.model} has no random-effects form here, expected one of"
            f" {', '.join(MODELS)}"
        )
    form = model_form(model.model, panel.names, model.lagged)
    if form.error and not network.row_standardised:
        raise NumericsError(
            "a spatial error model with random effects needs row-standardised weights"
        )
    pooled = PanelModel(model.model, "pooled", "direct", model.lagged)
    moments, columns = panel_moments(panel, network, pooled)
    likelihood_class = ErrorLikelihood if form.error else LagLikelihood
    likelihood = likelihood_class(moments, columns, network)
    (d, phi), at_bound = _maximise(likelihood, network)
    beta, sigma2 = likelihood.profile(d, phi)
    vector = np.array([d, *beta, phi, sigma2])
    scale = np.concatenate([[1.0], 1.0 / columns.scales, [1.0, 1.0]])
    spatial = "lambda" if form.error else "rho"
    return RandomEffectsFit(
        model=model,
        network=network,
        names=(spatial, *with_lags(panel.names, form.lagged), "phi", "sigma2"),
        estimates=vector * scale,
        regressors=panel.names,
        lagged=tuple(panel.names[i] for i in form.lagged),
        log_likelihood=likelihood.log_likelihood(d, phi),
        at_bound=at_bound,
        observed=scale[:, None] * _covariance(likelihood, vector) * scale,
    )


def _maximise(
    likelihood: RandomLikelihood, network: Network
) -> tuple[tuple[float, float], bool]:
    """Climb from several starts in (d, ln phi), then solve the score for its root."""
    low, high = network.logdet.domain
    middle = (low + high) / 2
    half = (high - low) / 2 * (1 - EDGE)
    bounds = [(middle - half, middle + half), LOG_PHI]

    def descent(x: Array) -> tuple[float, Array]:
        d = float(x[0])
        phi = float(np.exp(x[1]))
        # d/d ln phi = phi d/d phi
        slope = -likelihood.score(d, phi) * np.array([1.0, phi])
        return -likelihood.log_likelihood(d, phi), slope

    def slope(x: Array) -> Array:
        return descent(x)[1]

    optima = [
        minimize(descent, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds)
        for start in STARTS
    ]
    # Peaks in phi near zero and far from it occur together.
    top = min(optima, key=lambda result: float(result.fun))
    edge = at_edge(top.x[0], low, high) or at_edge(top.x[1], *LOG_PHI)
    if not edge:
        polished = root(slope, top.x, tol=1e-12)
        if polished.success or descent(polished.x)[0] <= top.fun:
            top.x = polished.x
    return (float(top.x[0]), float(np.exp(top.x[1]))), edge


def _covariance(likelihood: RandomLikelihood, vector: Array) -> Array:
    """Invert minus the Hessian, differenced from the analytic score of all parameters."""
    # Steps are a share of each parameter, and of a hundredth where it is smaller; the
    # variance, last, is never near zero in its own units.
    floor = np.array([1e-2] * (len(vector) - 1) + [0.0])
    steps = STEP * np.maximum(np.abs(vector), floor)
    rows = [
        (likelihood.full_score(vector + step) - likelihood.full_score(vector - step))
        / (2 * size)
        for size, step in zip(steps, np.diag(steps), strict=True)
    ]
    hessian = np.array(rows)
    information = -(hessian + hessian.T) / 2
    root = np.sqrt(np.abs(np.diag(information)))
    scale = np.outer(root, root)
    return np.asarray(np.linalg.inv(information / scale) / scale)
