"""Static spatial panels by maximum likelihood: SLX, SAR, SEM, SDM, SDEM and SAC with
fixed effects.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.clustered import (
    effective_units,
    unit_score_covariance,
)
from evenfield.numerics.spatial_panel.columns import (
    ModelColumns,
    ModelForm,
    model_columns,
    model_form,
    with_outcomes,
)
from evenfield.numerics.spatial_panel.information import (
    FittedPoint,
    expected_information,
    observed_information,
    score_covariance,
)
from evenfield.numerics.spatial_panel.likelihood import (
    Optimum,
    PanelMoments,
    highest_likelihood,
    highest_likelihoods,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, likelihood_counts

COVARIANCES = ("observed", "expected", "qml", "unit")
EXACT_FIT = 1e-13
MEATS = {"qml": score_covariance, "unit": unit_score_covariance}
SPATIAL = {"rho": "lag", "lambda": "error"}


@dataclass(frozen=True, slots=True)
class PanelModel:
    """What is estimated.

    Attributes
    ----------
    model : str
        OLS, SLX, SAR, SEM, SDM, SDEM or SAC.
    effects : str
        ``pooled``, ``unit``, ``time`` or ``two_way``.
    approach : str
        ``lee_yu`` (transformation) or ``direct``.
    lagged : tuple of str, optional
        Regressors whose spatial lag enters SLX and Durbin models; all by default.
    """

    model: str = "SDM"
    effects: str = "two_way"
    approach: str = "lee_yu"
    lagged: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SpatialPanelFit:
    """A fitted spatial panel."""

    model: PanelModel  # what was estimated
    network: Network  # weights
    names: tuple[str, ...]  # parameters
    estimates: Array  # (p,) in the order of ``names``
    regressors: tuple[str, ...]  # regressors, and those whose spatial lag enters
    lagged: tuple[str, ...]
    log_likelihood: float  # at the optimum
    # whether a spatial parameter is at the edge of its range: standard errors then mean
    # nothing
    at_bound: bool
    n_units: int  # size of the panel and observations of the likelihood
    n_periods: int
    observations: int
    point: FittedPoint

    def __getitem__(self, name: str) -> float:
        """Return one estimate by the name of its parameter."""
        return float(self.estimates[self.names.index(name)])

    @property
    def rho(self) -> float:
        """Parameter of the spatial lag of the outcome; 0 where the model has none."""
        return float(self.point.rho)

    @property
    def lam(self) -> float:
        """Parameter of the spatial error; 0 where the model has none."""
        return float(self.point.lam)

    @property
    def sigma2(self) -> float:
        """Variance of the innovations, e'e over the observations of the likelihood."""
        return float(self.point.sigma2)

    @property
    def residuals(self) -> Array:
        """Innovations with the effects removed, shape (T, N), units in the order of the
        weights.
        """
        return self.point.residuals.T

    def covariance(self, kind: str = "observed") -> Array:
        """Return the full covariance of the estimates; shape (p, p)."""
        if self.at_bound:
            raise NumericsError(
                "the spatial parameter is at the edge of its range: it has no standard"
                " error"
            )
        if kind not in COVARIANCES:
            raise NumericsError(
                f"unknown covariance {kind!r}, expected one of {', '.join(COVARIANCES)}"
            )
        return self._covariances(kind)

    def std_errors(self, kind: str = "observed") -> Array:
        """Return standard errors; shape (p,)."""
        return np.sqrt(np.diagonal(self.covariance(kind), axis1=-2, axis2=-1))

    def effective_units(self, gradient: Array) -> float:
        """Return the effective number of units behind a combination of parameters;
        gradient (p,).
        """
        return effective_units(self.point, self._bread @ (self._unscaling * gradient))

    def _covariances(self, kind: str) -> Array:
        if kind not in self._stored:
            bread = (
                self._bread
                if kind in ("observed", "unit")
                else _inverse(expected_information(self.point))
            )
            cov = bread @ MEATS[kind](self.point) @ bread if kind in MEATS else bread
            scale = self._unscaling
            self._stored[kind] = scale[:, None] * (cov + cov.mT) / 2 * scale
        return self._stored[kind]

    @cached_property
    def _stored(self) -> dict[str, Array]:
        return {}

    @cached_property
    def _bread(self) -> Array:
        return _inverse(observed_information(self.point))

    @property
    def _unscaling(self) -> Array:
        spatial = len(self.names) - 1 - self.point.moments.k
        return np.concatenate(
            [np.ones(spatial), 1.0 / self.point.columns.scales, [1.0]]
        )


def fit_spatial_panel(
    panel: BalancedPanel, network: Network, model: PanelModel
) -> SpatialPanelFit:
    """Estimate a static spatial panel by (quasi) maximum likelihood.

    Parameters
    ----------
    panel : BalancedPanel
        Outcome and regressors; units are matched to the weights by id.
    network : Network
        Weights; its log-determinant is stored with it, so reuse it across models.
    model : PanelModel
        Model, effects and approach.

    Raises
    ------
    NumericsError
        If units differ, the model is unknown, a regressor vanishes with the effects, or
        time effects are to be transformed away with weights that are not
        row-standardised.

    Notes
    -----
    Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t.
    SLX: rho = lambda = 0; SAR: th = lambda = 0; SEM: rho = th = 0; SDM: lambda = 0;
    SDEM: rho = 0; SAC: th = 0. Elhorst (2014, ch. 3), Lee and Yu (2010). In error
    models the effects stand next to the innovation, which is the same model for
    row-standardised W.
    """
    moments, columns = panel_moments(panel, network, model)
    return fit_moments(panel, network, model, moments, columns)


def fit_moments(
    panel: BalancedPanel,
    network: Network,
    model: PanelModel,
    moments: PanelMoments,
    columns: ModelColumns,
) -> SpatialPanelFit:
    """Maximise the likelihood of given cross-products."""
    form = model_form(model.model, panel.names, model.lagged)
    best = highest_likelihood(moments, form.lag, form.error)
    point, estimates = fitted_point(
        best, moments, columns, network, form, model.effects
    )
    lagged = tuple(panel.names[i] for i in form.lagged)
    n = moments.counts.observations
    spatial = [name for name, part in SPATIAL.items() if getattr(form, part) == "free"]
    names = (*spatial, *panel.names, *(f"W {name}" for name in lagged), "sigma2")
    log_likelihood = float(moments.concentrated(point.rho, point.lam, point.sigma2 * n))
    sizes = (network.n, len(panel.periods), n)
    return SpatialPanelFit(
        model,
        network,
        names,
        estimates,
        panel.names,
        lagged,
        log_likelihood,
        bool(best.at_bound),
        *sizes,
        point,
    )


def refitted(
    fit: SpatialPanelFit, outcomes: Array
) -> tuple[SpatialPanelFit, np.ndarray]:
    """Fit a model again to the outcomes (N, T, B) of B samples, and say which go to the
    edge of a range; (B,).
    """
    form = fit.point.form
    effects = fit.model.effects
    columns = with_outcomes(fit.point.columns, outcomes, fit.network, effects)
    moments = replace(fit.point.moments, gram=columns.gram())
    best = highest_likelihoods(moments, form.lag, form.error)
    point, estimates = fitted_point(best, moments, columns, fit.network, form, effects)
    return (
        replace(fit, estimates=estimates, at_bound=False, point=point),
        best.at_bound > 0,
    )


def fitted_point(
    best: Optimum,
    moments: PanelMoments,
    columns: ModelColumns,
    network: Network,
    form: ModelForm,
    effects: str,
) -> tuple[FittedPoint, Array]:
    """Return what an optimum says about all parameters, and the estimates, shape (...,
    p).
    """
    rho = np.asarray(best.rho)
    lam = np.asarray(best.lam)
    beta, sse = moments.least_squares(rho, lam)
    if not (sse > EXACT_FIT * moments.gram[..., 0, 0]).all():
        raise NumericsError(
            "the regressors fit the outcome exactly: no error variance is left"
        )
    sigma2 = sse / moments.counts.observations
    spatial = [
        value[..., None]
        for value, state in ((rho, form.lag), (lam, form.error))
        if state == "free"
    ]
    estimates = np.concatenate(
        [*spatial, beta / columns.scales, sigma2[..., None]], axis=-1
    )
    return (
        FittedPoint(moments, columns, network, form, effects, rho, lam, beta, sigma2),
        estimates,
    )


def panel_moments(
    panel: BalancedPanel, network: Network, model: PanelModel
) -> tuple[PanelMoments, ModelColumns]:
    """Demean the columns of a model once and reduce them to cross-products."""
    form = model_form(model.model, panel.names, model.lagged)
    values = panel.ordered(network.units)
    counts = likelihood_counts(
        network.n, len(panel.periods), model.effects, model.approach
    )
    if (
        counts.drop
        and "free" in (form.lag, form.error)
        and not network.row_standardised
    ):
        raise NumericsError(
            "time effects are transformed away only for row-standardised weights; use"
            " direct"
        )
    names = (*panel.names, *(f"W {panel.names[i]}" for i in form.lagged))
    columns = model_columns(values, network, form, model.effects, names)
    if counts.observations <= len(names):
        raise NumericsError(
            f"{counts.observations} observations cannot carry {len(names)} coefficients"
        )
    return PanelMoments(columns.gram(), counts, network.logdet), columns


def _inverse(information: Array) -> Array:
    root = np.sqrt(np.abs(np.diagonal(information, axis1=-2, axis2=-1)))
    scale = root[..., None] * root[..., None, :]
    scaled = information / scale
    if not np.isfinite(scaled).all() or (np.linalg.eigvalsh(scaled) <= 1e-13).any():
        raise NumericsError(
            "the information matrix is not positive definite at the estimates"
        )
    return np.asarray(np.linalg.inv(scaled) / scale)
