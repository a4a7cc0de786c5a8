"""Static spatial panels by maximum likelihood: SLX, SAR, SEM, SDM, SDEM and SAC with
fixed effects.

A fit keeps its cross-products, so that every covariance, test and bootstrap that is
asked of it later starts from them and nothing is demeaned twice.
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
    with_lags,
    with_outcomes,
)
from evenfield.numerics.spatial_panel.effects import likelihood_counts
from evenfield.numerics.spatial_panel.fitted import FittedPanel
from evenfield.numerics.spatial_panel.information import (
    FittedPoint,
    expected_information,
    observed_information,
    score_covariance,
)
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.likelihood_maximum import (
    Optimum,
    highest_likelihood,
    highest_likelihoods,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

COVARIANCES = ("observed", "expected", "qml", "unit")
EXACT_FIT = 1e-13  # share of the variance below which nothing is left of it
MEATS = {"qml": score_covariance, "unit": unit_score_covariance}


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
class SpatialPanelFit(FittedPanel):
    """A fitted spatial panel."""

    model: PanelModel  # what was estimated
    n_periods: int
    point: FittedPoint

    @property
    def n_units(self) -> int:
        """Number of units."""
        return self.network.n

    @property
    def observations(self) -> int:
        """Observations of the likelihood."""
        return self.point.moments.counts.observations

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
        if kind not in self._stored:
            # Symmetric to the last bit, whatever the order of the products.
            cov = self._scaled_covariance(kind)
            scale = self.point.unscaling
            self._stored[kind] = scale[:, None] * (cov + cov.mT) / 2 * scale
        return self._stored[kind]

    def std_errors(self, kind: str = "observed") -> Array:
        """Return standard errors; shape (p,)."""
        return np.sqrt(np.diagonal(self.covariance(kind), axis1=-2, axis2=-1))

    def effective_units(self, gradient: Array) -> float:
        """Return the effective number of units behind a combination of parameters;
        gradient (p,).
        """
        weights = self._observed @ (self.point.unscaling * gradient)
        return effective_units(self.point, weights)

    def _scaled_covariance(self, kind: str) -> Array:
        """Return the covariance of estimates whose regressors have unit length."""
        # The sandwich by unit stands between inverse Hessians, the other sandwich
        # between inverse expected informations, as Lee and Yu (2010) have it.
        observed = kind in ("observed", "unit")
        bread = (
            self._observed if observed else _inverse(expected_information(self.point))
        )
        # A sandwich B M B where errors are not what the likelihood takes them for.
        return bread @ MEATS[kind](self.point) @ bread if kind in MEATS else bread

    @cached_property
    def _stored(self) -> dict[str, Array]:
        return {}

    @cached_property
    def _observed(self) -> Array:
        return _inverse(observed_information(self.point))


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
    best = highest_likelihood(moments, form)
    point = fitted_point(best, moments, columns, network, form, model.effects)
    sse = point.sigma2 * moments.counts.observations
    spatial = [name for name, free in point.spatial.items() if free]
    return SpatialPanelFit(
        model=model,
        network=network,
        names=(*spatial, *with_lags(panel.names, form.lagged), "sigma2"),
        estimates=point.estimates,
        regressors=panel.names,
        lagged=tuple(panel.names[i] for i in form.lagged),
        log_likelihood=float(moments.concentrated(point.rho, point.lam, sse)),
        at_bound=bool(best.at_bound),
        n_periods=len(panel.periods),
        point=point,
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
    # Only y and its spatial lags are new: the regressors were checked with the fit.
    moments = replace(fit.point.moments, gram=columns.gram())
    best = highest_likelihoods(moments, form)
    point = fitted_point(best, moments, columns, fit.network, form, effects)
    again = replace(
        fit,
        estimates=point.estimates,
        at_bound=False,
        point=point,
    )
    return again, best.at_bound > 0


def fitted_point(
    best: Optimum,
    moments: PanelMoments,
    columns: ModelColumns,
    network: Network,
    form: ModelForm,
    effects: str,
) -> FittedPoint:
    """Return what an optimum says about all parameters."""
    rho = np.asarray(best.rho)
    lam = np.asarray(best.lam)
    beta, sse = moments.least_squares(rho, lam)
    _refuse_exact(moments, sse)
    return FittedPoint(
        moments=moments,
        columns=columns,
        network=network,
        form=form,
        effects=effects,
        rho=rho,
        lam=lam,
        beta=beta,
        sigma2=sse / moments.counts.observations,
    )


def _refuse_exact(moments: PanelMoments, sse: Array) -> None:
    """Refuse a fit that leaves nothing of the outcome; sse, or one a sample (B,)."""
    if not (sse > EXACT_FIT * moments.gram[..., 0, 0]).all():
        raise NumericsError(
            "the regressors fit the outcome exactly: no error variance is left"
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
    # F'WF has the eigenvalues of W but one only if the constant is an eigenvector.
    if counts.drop and (form.lag or form.error):
        check_transformation(network)
    names = with_lags(panel.names, form.lagged)
    columns = model_columns(values, network, form, model.effects, names)
    if counts.observations <= len(names):
        raise NumericsError(
            f"{counts.observations} observations cannot carry {len(names)} coefficients"
        )
    moments = PanelMoments(columns.gram(), counts, network.logdet)
    # Without neighbours first: the likelihood of an exact fit is infinite.
    nothing = np.zeros(())
    _refuse_exact(moments, moments.least_squares(nothing, nothing)[1])
    return moments, columns


def check_transformation(network: Network) -> None:
    """Refuse weights whose constant vector is no eigenvector of known root."""
    if not network.row_standardised:
        raise NumericsError(
            "time effects are transformed away only for row-standardised weights; use"
            " direct"
        )


def _inverse(information: Array) -> Array:
    # Scaled to a unit diagonal, so that the units of the regressors do not matter.
    root = np.sqrt(np.abs(np.diagonal(information, axis1=-2, axis2=-1)))
    scale = root[..., None] * root[..., None, :]
    scaled = information / scale
    regular = np.isfinite(scaled).all()
    if not regular or (np.linalg.eigvalsh(scaled) <= 1e-13).any():
        raise NumericsError(
            "the information matrix is not positive definite at the estimates"
        )
    return np.asarray(np.linalg.inv(scaled) / scale)
