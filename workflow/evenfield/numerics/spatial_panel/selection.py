"""Which spatial model: tests of one against another, Mundlak, Moran of residuals.

A spatial Durbin model nests the others; what its fit says about them comes from one
covariance. Posterior probabilities, which need no nesting, are in ``probabilities``.
"""

from dataclasses import replace

import numpy as np
from scipy.special import fdtrc

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.columns import model_form, with_lags
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest, chi2_test
from evenfield.numerics.spatial_panel.models import PanelModel, SpatialPanelFit
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects

BLOCK = 1 << 15  # numbers at once: they stay in the cache


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
    moves = np.ptp(values, axis=1).max(axis=0)
    if not moves.all():
        raise NumericsError(
            f"{names[int(np.argmin(moves))]} does not vary over the periods, so its"
            " mean says nothing more"
        )
    form = model_form(model.model, names, model.lagged)
    lagged = tuple(names[i] for i in form.lagged)
    means = tuple(f"mean {name}" for name in names)
    lagged_means = tuple(means[i] for i in form.lagged)
    n, t, _ = panel.values.shape
    # Dummies of the periods stand for time effects, which random effects do not take.
    dummies = np.broadcast_to(np.eye(t)[:, 1:], (n, t, t - 1))
    averages = np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape)
    widened = replace(
        panel,
        names=(*names, *(f"period {when}" for when in panel.periods[1:]), *means),
        values=np.concatenate([panel.values, dummies, averages], axis=2),
    )
    # The spatial lags of the means enter where those of the regressors do.
    added = with_lags(means, form.lagged)
    q = len(added)
    rest = network.n - q - 1
    if rest < 1:
        raise NumericsError(f"{network.n} units cannot carry {q} means over time")
    durbin = PanelModel(model.model, lagged=(*lagged, *lagged_means) or None)
    fit = fit_random_effects(widened, network, durbin)
    positions = [fit.names.index(name) for name in added]
    value = fit.estimates[positions]
    cov = fit.covariance()[np.ix_(positions, positions)]
    statistic = float(value @ np.linalg.solve(cov, value)) * rest / (network.n * q)
    p_value = float(fdtrc(q, rest, statistic))
    return SpatialTest("Mundlak", statistic, q, p_value, "F(q, N - q - 1)")


def residual_moran(
    fit: SpatialPanelFit, rng: np.random.Generator, permutations: int = 999
) -> tuple[float, float]:
    """Return Moran's I of residuals over all years and its permutation p-value."""
    e = np.ascontiguousarray(fit.residuals.T)
    n = fit.n_units
    lag = fit.network.lag
    scale = n / (fit.network.matrix.sum() * np.vdot(e, e))
    # Units by their residuals, so that the draws do not depend on ids or rows.
    order = np.lexsort(e.T)
    value = float(np.vdot(e, lag(e)) * scale)
    drawn = np.empty(permutations)
    blocks = min(permutations, -(-drawn.size * e.size // BLOCK))
    for block in np.array_split(drawn, blocks):
        positions = np.empty((n, len(block)), dtype=int)
        ranks = np.tile(np.arange(n), (len(block), 1))
        positions[order] = order[rng.permuted(ranks, axis=1)].T
        moved = e[positions]
        block[:] = np.einsum("ibt,ibt->b", moved, lag(moved)) * scale
    # As far from the mean of the draws as the statistic, on either side.
    far = np.abs(drawn - drawn.mean()) >= abs(value - drawn.mean()) - 1e-12
    return value, float((1 + far.sum()) / (1 + permutations))


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
        # th + rho b = 0, the common factor restriction, with its derivative in rho
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
    # A covariance from G units: F with G - 1 degrees of freedom in place of chi-squared.
    # This is not Hotelling's law of inference/joint.py, which is exact for covariances of
    # normal scores, as those of a likelihood are not; with q = 2 and G = 31 its p-value
    # is .055 where this one is .050.
    p_value = float(fdtrc(q, fit.n_units - 1, statistic / q))
    return SpatialTest(f"{name}, by unit", statistic / q, q, p_value, "F(q, N - 1)")


def information_criteria(fit: SpatialPanelFit) -> tuple[float, float]:
    """Return AIC and BIC, sigma2 among the parameters."""
    # AIC = -2 ln L + 2 p, BIC = -2 ln L + p ln n
    deviance = -2 * fit.log_likelihood
    p = len(fit.names)
    return deviance + 2 * p, deviance + float(np.log(fit.observations)) * p
