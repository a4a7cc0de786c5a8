"""Which spatial model: Wald tests, model probabilities, Mundlak, Moran of residuals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import fdtrc

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import model_form
from evenfield.numerics.spatial_panel.likelihood import PanelMoments
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest, chi2_test
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    panel_moments,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects


def mundlak(panel: BalancedPanel, network: Network, model: PanelModel) -> SpatialTest:
    """Test whether unit effects go with the regressors: random effects beside their
    means over time, Wald.

    Notes
    -----
    mu_i = xm_i g + (W xm)_i h + v_i with xm the mean of x over the periods; random
    effects are consistent where g and, in a Durbin model, h are zero. Dummies of all
    periods but the first stand beside; their spatial lags are the dummies again and are
    left out. The Wald statistic is compared with F(q, N - q - 1) after division by q N
    / (N - q - 1), the variance of the unit effects being estimated from N means.
    Mundlak (1978); Debarsy (2012).
    """
    names = panel.names
    values = panel.values[:, :, 1:]
    means = np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape)
    if constant := [
        name
        for name, move in zip(names, np.ptp(values, axis=1).max(axis=0), strict=True)
        if not move
    ]:
        raise NumericsError(
            f"{constant[0]} does not vary over the periods, so its mean says nothing"
            " more"
        )
    averaged = {name: f"mean {name}" for name in names}
    widened = _with_dummies(panel)
    widened = replace(
        widened,
        names=(*widened.names, *averaged.values()),
        values=np.concatenate([widened.values, means], axis=2),
    )
    lagged = (
        (names if model.lagged is None else model.lagged)
        if model.model in ("SDM", "SDEM")
        else ()
    )
    durbin = (*lagged, *(averaged[name] for name in lagged))
    added = [*averaged.values(), *(f"W {averaged[name]}" for name in lagged)]
    q = len(added)
    rest = network.n - len(added) - 1
    if rest < 1:
        raise NumericsError(f"{network.n} units cannot carry {q} means over time")
    fit = fit_random_effects(
        widened, network, PanelModel(model.model, lagged=durbin or None)
    )
    positions = [fit.names.index(name) for name in added]
    value = fit.estimates[positions]
    cov = fit.covariance()[np.ix_(positions, positions)]
    statistic = float(value @ np.linalg.solve(cov, value)) * rest / (network.n * q)
    return SpatialTest("Mundlak", statistic, q, float(fdtrc(q, rest, statistic)))


def _with_dummies(panel: BalancedPanel) -> BalancedPanel:
    n, t, _ = panel.values.shape
    dummies = np.broadcast_to(np.eye(t)[:, 1:], (n, t, t - 1))
    names = (*panel.names, *(f"period {when}" for when in panel.periods[1:]))
    return replace(
        panel, names=names, values=np.concatenate([panel.values, dummies], axis=2)
    )


def residual_moran(
    fit: SpatialPanelFit, rng: np.random.Generator, permutations: int = 999
) -> tuple[float, float]:
    """Return Moran's I of residuals over all years and its permutation p-value."""
    e = np.ascontiguousarray(fit.residuals.T)
    n = fit.n_units
    lag = fit.network.lag
    scale = n / (fit.network.matrix.sum() * np.vdot(e, e))
    order = np.lexsort(
        e.T
    )  # units by their residuals, so that the draws do not depend on ids or rows
    value = float(np.vdot(e, lag(e)) * scale)
    drawn = np.empty(permutations)
    for block in np.array_split(
        drawn, min(permutations, -(-drawn.size * e.size // BLOCK))
    ):
        positions = np.empty((n, len(block)), dtype=int)
        positions[order] = order[
            rng.permuted(np.tile(np.arange(n), (len(block), 1)), axis=1)
        ].T
        moved = e[positions]
        block[:] = np.einsum("ibt,ibt->b", moved, lag(moved)) * scale
    far = np.abs(drawn - drawn.mean()) >= abs(value - drawn.mean()) - 1e-12
    return value, float((1 + far.sum()) / (1 + permutations))


BLOCK = 1 << 15  # numbers at once: they stay in the cache
COMPARED = ("SLX", "SAR", "SEM", "SDM", "SDEM")
GRID = 2001
# ASSUME: the prior of every spatial parameter is uniform on the same interval for all
# weights, ends cut by 1e-4.
PRIOR_EDGE = 1e-4


def likelihood_ratio(wide: SpatialPanelFit, narrow: SpatialPanelFit) -> SpatialTest:
    """Test a model against one nested in it by their likelihoods."""
    df = len(wide.names) - len(narrow.names)
    if df <= 0 or wide.observations != narrow.observations:
        raise NumericsError(
            f"{narrow.model.model} is not nested in {wide.model.model} on the same"
            " observations"
        )
    statistic = 2 * (wide.log_likelihood - narrow.log_likelihood)
    return chi2_test(f"LR {wide.model.model} -> {narrow.model.model}", statistic, df)


def wald_tests(fit: SpatialPanelFit, kind: str = "observed") -> list[SpatialTest]:
    """Test whether a spatial Durbin model is a spatial lag or a spatial error model.

    Parameters
    ----------
    fit : SpatialPanelFit
        An SDM.
    kind : str
        Covariance: ``observed``, ``expected`` or ``qml``, compared with chi-squared;
        ``unit`` with F(q, N - 1).

    Returns
    -------
    list of SpatialTest
        th = 0 (SAR) and th + rho b = 0 (SEM), the latter only if every regressor is
        lagged.

    Raises
    ------
    NumericsError
        If the model is not an SDM.
    """
    if fit.model.model != "SDM":
        raise NumericsError(
            f"the Wald tests start from an SDM, not from {fit.model.model}"
        )
    theta = [fit.names.index(f"W {name}") for name in fit.lagged]
    select = np.eye(len(fit.names))[theta]
    tests = [_wald("Wald SDM -> SAR", fit.estimates[theta], select, fit, kind)]
    if fit.lagged == fit.regressors:
        beta = [fit.names.index(name) for name in fit.regressors]
        gradient = select + fit.rho * np.eye(len(fit.names))[beta]
        gradient[:, 0] = fit.estimates[beta]
        value = fit.estimates[theta] + fit.rho * fit.estimates[beta]
        tests.append(_wald("Wald SDM -> SEM", value, gradient, fit, kind))
    return tests


def _wald(
    name: str, value: Array, gradient: Array, fit: SpatialPanelFit, kind: str
) -> SpatialTest:
    cov = fit.covariance(kind)
    q = len(value)
    statistic = float(value @ np.linalg.solve(gradient @ cov @ gradient.T, value))
    if kind != "unit":
        return chi2_test(name, statistic, q)
    return SpatialTest(
        f"{name}, by unit",
        statistic / q,
        q,
        float(fdtrc(q, fit.n_units - 1, statistic / q)),
    )


def information_criteria(fit: SpatialPanelFit) -> tuple[float, float]:
    """Return AIC and BIC, sigma2 among the parameters."""
    deviance = -2 * fit.log_likelihood
    p = len(fit.names)
    return deviance + 2 * p, deviance + float(np.log(fit.observations)) * p


def log_marginal_likelihood(
    panel: BalancedPanel, network: Network, model: PanelModel, prior_g: float
) -> float:
    """Integrate a model's likelihood over all its parameters.

    Notes
    -----
    LeSage and Parent (2007, Geographical Analysis 39); LeSage (2014). Coefficients and
    variance integrate in closed form: (1 + g)^(-K/2) |I - d W|^copies [(g e'e + z'z)/(1
    + g)]^(-n/2), with z the filtered outcome and e its residual; d by the trapezoid
    rule in atanh(d), uniform prior on (-1, 1).
    """
    form = model_form(model.model, panel.names, model.lagged)
    if form.lag == form.error == "free":
        raise NumericsError(f"model probabilities do not cover {model.model}")
    moments = panel_moments(panel, network, model)[0]
    if form.lag == form.error == "none":
        nothing = np.zeros(1)
        return float(_conditional_marginal(moments, nothing, nothing, prior_g)[0])
    low, high = moments.logdet.domain
    edge = 1.0 - PRIOR_EDGE
    z = np.linspace(
        np.arctanh(max(-edge, low * edge)), np.arctanh(min(edge, high * edge)), GRID
    )
    d = np.tanh(z)
    zero = np.zeros(GRID)
    rho, lam = (d, zero) if form.lag == "free" else (zero, d)
    logs = _conditional_marginal(moments, rho, lam, prior_g)
    # dd = (1 - d^2) dz; the prior density on (-1, 1) is 1/2.
    heights = logs + np.log1p(-(d**2)) - np.log(2.0)
    top = float(heights.max())
    return top + float(np.log(np.trapezoid(np.exp(heights - top), z)))


def _conditional_marginal(
    moments: PanelMoments, rho: Array, lam: Array, g: float
) -> Array:
    total = moments.cross_products(rho, lam)[..., 0, 0]
    sse = moments.least_squares(rho, lam)[1]
    shrunk = (g * sse + total) / (1.0 + g)
    logs = moments.jacobian(rho) + moments.jacobian(lam)
    return np.asarray(
        logs
        - 0.5 * moments.k * np.log1p(g)
        - 0.5 * moments.counts.observations * np.log(shrunk)
    )


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
    logs = {
        (name, weights): log_marginal_likelihood(
            panel, net, replace(model, model=name), float(max(n, k**2))
        )
        for weights, net in networks.items()
        for name in compared
    }
    top = max(logs.values())
    total = sum(np.exp(value - top) for value in logs.values())
    return {key: float(np.exp(value - top) / total) for key, value in logs.items()}
