"""Dynamic spatial panels by quasi maximum likelihood with corrected scores.

The likelihood's maximum is the start; Newton's steps follow the root of the score less
the bias that unit effects cause, all of it at once or, where that fails, in quarters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.columns import ModelForm
from evenfield.numerics.spatial_panel.dynamic_moments import (
    DYNAMICS,
    HEAD,
    DynamicMoments,
    dynamic_moments,
)
from evenfield.numerics.spatial_panel.effects import Counts
from evenfield.numerics.spatial_panel.likelihood import RESPONSES, PanelMoments
from evenfield.numerics.spatial_panel.likelihood_maximum import highest_likelihoods
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

QUARTERS = (0.25, 0.5, 0.75, 1.0)
FLAT = 1e-6
NEWTON = 8


@dataclass(frozen=True)
class DynamicFit:
    """A fitted dynamic spatial panel."""

    # rho, tau, eta, the regressors, and ``W name`` for their spatial lags
    names: tuple[str, ...]
    # (P,) root of the adjusted score; the likelihood's maximum where there is no root
    estimates: Array
    likelihood: Array
    one_step: Array
    covariance: Array  # (P, P) of the estimates; zero for parameters held at zero
    sigma2: float  # variance of the shocks
    converged: bool  # whether the adjusted score has a root
    regressors: tuple[str, ...]
    lagged: tuple[str, ...]  # regressors whose spatial lag enters
    free: tuple[str, ...]  # which of rho, tau, eta are estimated
    network: Network  # weights
    t: int  # periods with a lag

    @property
    def std_errors(self) -> Array:
        """Square roots of the diagonal of the covariance, shape (P,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def dynamics(self) -> Array:
        """Estimates of rho, tau and eta, shape (3,)."""
        return self.estimates[: len(DYNAMICS)]


def fit_dynamic(
    panel: BalancedPanel,
    network: Network,
    lagged: Sequence[str] | None = None,
    free: Sequence[str] = DYNAMICS,
) -> DynamicFit:
    """Fit Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu +
    alpha_t 1 + e_t.

    Notes
    -----
    Time effects are taken out by J = I - 11'/N, which for row-standardised W leaves a
    model of N - 1 units with the eigenvalues of W but that of the constant (Lee and Yu
    2010); unit effects by demeaning, which biases the score: with S = I - rho W, A =
    S^-1 (tau I + eta W) and shocks V, demeaning adds - T E[Zbar'J Vbar] to E[sum_t
    Z_t'J V_t], so

        tau: -(s2/T) sum_(j<=T-2) (T-1-j) tr(J A^j S^-1),   eta: the same with W A^j
        S^-1, rho: -(s2/T) sum_(j<=T-1) (T-j) tr(J W A^j S^-1),   variance: T - 1 in
        place of T.

    The estimate is the root of the score less this, followed from the likelihood's
    maximum. The sums are those of the sample: no initial condition enters and nothing
    is divided by 1 - A. Lee and Yu's one-step correction has their limits, sum_j A^j =
    (I - A)^-1. Without lags the root is the transformation estimator of the static
    model; without spatial terms it is the bias-corrected estimator of
    ``numerics.dynamic_panel`` with constant variance. Covariance: D^-1 I D^-1' with I
    the information and D the derivative of the adjusted score.
    """
    m, lagged = dynamic_moments(panel, network, lagged, free)
    return fit_moments(m, network, panel.names, lagged)


def fit_moments(
    m: DynamicMoments,
    network: Network,
    regressors: tuple[str, ...],
    lagged: tuple[str, ...],
) -> DynamicFit:
    """Fit from cross-products alone."""
    top = _highest(m, network)
    root = _adjusted_root(m, top, network)
    dynamics = top if root is None else root
    strength = 0.0 if root is None else 1.0

    def with_slopes(at: Array) -> Array:
        return np.concatenate([at, m.slopes(at)])

    return DynamicFit(
        names=(*DYNAMICS, *regressors, *(f"W {name}" for name in lagged)),
        estimates=with_slopes(dynamics),
        likelihood=with_slopes(top),
        one_step=with_slopes(_one_step(m, top)),
        covariance=m.covariance(dynamics, strength),
        sigma2=m.variance(dynamics, strength),
        converged=root is not None,
        regressors=regressors,
        lagged=lagged,
        free=tuple(DYNAMICS[i] for i in m.free),
        network=network,
        t=m.t,
    )


def _highest(m: DynamicMoments, network: Network) -> Array:
    """Return rho, tau, eta at the maximum of the likelihood: that of a static lag model
    whose regressors include the lags.
    """
    lags = [HEAD - 2 + i - 1 for i in m.free if i > 0]
    columns = [0, 1, *lags, *range(HEAD, m.gram.shape[-1])]
    regressors = len(columns) - 2
    size = RESPONSES + 2 * regressors
    positions = np.array([0, 1, *range(RESPONSES, RESPONSES + regressors)])
    # Regressors of unit length, as the static likelihood takes them.
    part = m.gram[np.ix_(columns, columns)]
    scale = 1 / np.sqrt(np.diag(part))
    scale[:2] = 1.0
    gram = np.zeros((1, size, size))
    gram[0, positions[:, None], positions] = part * scale[:, None] * scale
    counts = Counts(
        copies=m.t,
        drop=1,
        observations=(m.n - 1) * m.t,
    )
    moments = PanelMoments(gram, counts, network.logdet)
    rho = np.zeros(1)
    if 0 in m.free:
        lag_model = ModelForm(lag=True, error=False, lagged=())
        rho = highest_likelihoods(moments, lag_model).rho
    beta = moments.least_squares(rho, np.zeros(1))[0][0] * scale[2:]
    dynamics = np.zeros(3)
    dynamics[0] = rho[0]
    dynamics[[column - 1 for column in lags]] = beta[: len(lags)]
    return dynamics


def _one_step(m: DynamicMoments, top: Array) -> Array:
    """Return the first-order correction of Lee and Yu (2010), whose sums run over all
    past periods; NaN if unstable.
    """
    free = list(m.free)
    gap = m.score(top, 1.0) - m.adjustment(top) + m.limit_adjustment(top)
    side = np.zeros((len(m.estimated), 1))
    side[: len(free), 0] = gap[free]
    information = m.information(top, 0.0)[np.ix_(m.estimated, m.estimated)]
    out = top.copy()
    out[free] += np.linalg.solve(information, side)[: len(free), 0]
    return np.where(np.isfinite(gap), out, np.nan)


def _adjusted_root(m: DynamicMoments, top: Array, network: Network) -> Array | None:
    """Go from the likelihood's maximum to the root of the adjusted score at once, where
    that fails in several steps; None where the score has no root.
    """
    if not m.free:
        return top
    for strengths in (QUARTERS[-1:], QUARTERS):
        dynamics = top
        peak = False
        for strength in strengths:
            dynamics, peak = _stationary(m, dynamics, strength, network)
        if peak:
            return dynamics
    return None


def _stationary(
    m: DynamicMoments, start: Array, strength: float, network: Network
) -> tuple[Array, bool]:
    """Take Newton's steps to the root of the score; return where they end and whether
    that is a maximum.
    """
    low, high = network.logdet.domain
    free = np.array(m.free)
    dynamics = start.copy()
    for _ in range(NEWTON):
        slopes = _dynamics_slopes(m, dynamics, strength)
        step = np.linalg.solve(slopes, m.score(dynamics, strength)[free, None])
        new = dynamics.copy()
        new[free] -= step[:, 0]
        if not (low < new[0] < high and np.isfinite(new).all()):
            return dynamics, False
        dynamics = new
    largest = np.abs(m.score(dynamics, strength)[free]).max()
    slopes = _dynamics_slopes(m, dynamics, strength)
    falling = np.linalg.eigvalsh((slopes + slopes.T) / 2).max() < 0
    return dynamics, bool(largest <= FLAT * (m.n - 1) * m.t and falling)


def _dynamics_slopes(m: DynamicMoments, dynamics: Array, strength: float) -> Array:
    """Return derivatives in the free ones of rho, tau, eta, with the regressors'
    coefficients concentrated out.
    """
    whole = m.slope_matrix(dynamics, strength)
    inner = np.linalg.solve(whole[3:, 3:], whole[3:, :3])
    concentrated = whole[:3, :3] - whole[:3, 3:] @ inner
    return np.asarray(concentrated[np.ix_(m.free, m.free)])
