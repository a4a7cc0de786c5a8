"""Dynamic spatial panel with unit and time effects: quasi maximum likelihood and its correction for short panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

from evenfield.numerics.spatial_panel.dynamic_moments import DYNAMICS, HEAD, DynamicMoments, dynamic_moments
from evenfield.numerics.spatial_panel.likelihood import RESPONSES, PanelMoments
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.optimum import highest_likelihood
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.within import Counts

STEPS = (0.25, 0.5, 0.75, 1.0)
FLAT = 1e-6
ROOT = 1e-12


@dataclass(frozen=True)
class DynamicFit:
    """A fitted dynamic spatial panel."""

    names: tuple[str, ...]  # rho, tau, eta, the regressors, and ``W name`` for their spatial lags
    estimates: np.ndarray  # (P,) root of the adjusted score; the likelihood's maximum where there is no root
    likelihood: np.ndarray
    one_step: np.ndarray
    covariance: np.ndarray  # (P, P) of the estimates; zero for parameters held at zero
    sigma2: float  # variance of the shocks
    found: bool  # whether the adjusted score has a root
    regressors: tuple[str, ...]  # regressors, and those whose spatial lag enters
    lagged: tuple[str, ...]
    free: tuple[str, ...]  # which of rho, tau, eta are estimated
    network: Network  # weights
    t: int  # periods with a lag

    @property
    def std_errors(self) -> np.ndarray:
        """Square roots of the diagonal of the covariance, shape (P,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def dynamics(self) -> np.ndarray:
        """Estimates of rho, tau and eta, shape (3,)."""
        return self.estimates[: len(DYNAMICS)]


def fit_dynamic(
    panel: BalancedPanel, network: Network, lagged: Sequence[str] | None = None, free: Sequence[str] = DYNAMICS
) -> DynamicFit:
    """Fit Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu + alpha_t 1 + e_t.

    Notes
    -----
    Time effects are taken out by J = I - 11'/N, which for row-standardised W leaves a model of N - 1 units with the
    eigenvalues of W but that of the constant (Lee and Yu 2010); unit effects by demeaning, which biases the score: with
    S = I - rho W, A = S^-1 (tau I + eta W) and shocks V, demeaning adds - T E[Zbar'J Vbar] to E[sum_t Z_t'J V_t], so

        tau: -(s2/T) sum_(j<=T-2) (T-1-j) tr(J A^j S^-1),   eta: the same with W A^j S^-1,
        rho: -(s2/T) sum_(j<=T-1) (T-j) tr(J W A^j S^-1),   variance: T - 1 in place of T.

    The estimate is the root of the score less this, followed from the likelihood's maximum. The sums are those of the
    sample: no initial condition enters and nothing is divided by 1 - A. Lee and Yu's one-step correction has their
    limits, sum_j A^j = (I - A)^-1. Without lags the root is the transformation estimator of the static model; without
    spatial terms it is the bias-corrected estimator of ``numerics.dynamic_panel`` with constant variance.
    Covariance: D^-1 I D^-1' with I the information and D the derivative of the adjusted score.
    """
    m, names = dynamic_moments(panel, network, lagged, free)
    return fit_moments(m, network, panel.names, tuple(names[3 + len(panel.names) :]))


def fit_moments(
    m: DynamicMoments, network: Network, regressors: tuple[str, ...], lagged_names: tuple[str, ...]
) -> DynamicFit:
    """Fit from cross-products alone."""
    top = _highest(m, network)
    one_step = _one_step(m, top)
    dynamics, found = _adjusted_root(m, top, network)
    strength = 1.0 if found else 0.0
    free = (*m.free, *range(3, 3 + len(m.gram) - HEAD))
    covariance = np.zeros((len(m.gram) - 1,) * 2)
    D = np.linalg.inv(m.slope_matrix(dynamics, strength)[np.ix_(free, free)])
    covariance[np.ix_(free, free)] = D @ m.information(dynamics, strength)[np.ix_(free, free)] @ D.T
    return DynamicFit(
        (*DYNAMICS, *regressors, *lagged_names), _whole(m, dynamics), _whole(m, top), _whole(m, one_step), covariance,
        m.variance(dynamics, strength), found, regressors, tuple(name[2:] for name in lagged_names),
        tuple(DYNAMICS[i] for i in m.free), network, m.t,
    )  # fmt: skip


def _whole(m: DynamicMoments, dynamics: np.ndarray) -> np.ndarray:
    return np.concatenate([dynamics, m.slopes(dynamics)])


def _highest(m: DynamicMoments, network: Network) -> np.ndarray:
    """Return the maximum of the likelihood: a static lag model whose regressors include the lags."""
    lags = [HEAD - 2 + i - 1 for i in m.free if i > 0]
    kept = [*lags, *range(HEAD, len(m.gram))]
    size = RESPONSES + 2 * len(kept)
    gram, place = np.zeros((size, size)), [0, 1, *range(RESPONSES, RESPONSES + len(kept))]
    scale = np.concatenate([[1.0, 1.0], 1 / np.sqrt(np.diag(m.gram)[kept])])
    gram[np.ix_(place, place)] = m.gram[np.ix_([0, 1, *kept], [0, 1, *kept])] * np.outer(scale, scale)
    moments = PanelMoments(gram, Counts(m.t, 1, (m.n - 1) * m.t), network.logdet)
    rho = highest_likelihood(moments, "free", "none").rho if 0 in m.free else 0.0
    beta = moments.least_squares(np.asarray(rho), np.asarray(0.0))[0] * scale[2:]
    out = np.zeros(3)
    out[0] = rho
    for value, column in zip(beta, lags, strict=False):
        out[column - 1] = value
    return out


def _one_step(m: DynamicMoments, top: np.ndarray) -> np.ndarray:
    """Return the first-order correction of Lee and Yu (2010), whose sums run over all past periods."""
    free = list(m.free)
    gap = m.score(top, 1.0) - m.adjustment(top) + m.limit_adjustment(top)
    if not np.isfinite(gap).all():
        return np.full(3, np.nan)
    inner = (*free, *range(3, 3 + len(m.gram) - HEAD))
    change = np.linalg.solve(m.information(top, 0.0)[np.ix_(inner, inner)],
                             np.concatenate([gap[free], np.zeros(len(inner) - len(free))]))  # fmt: skip
    out = top.copy()
    out[free] += change[: len(free)]
    return out


def _adjusted_root(m: DynamicMoments, top: np.ndarray, network: Network) -> tuple[np.ndarray, bool]:
    """Follow the root of the score from the likelihood's maximum to the adjusted score."""
    free, here = list(m.free), top.copy()
    if not free:
        return here, True
    low, high = network.logdet.domain
    for strength in STEPS:
        here = _stationary(m, here, strength)
        if not low < here[0] < high or np.abs(m.score(here, strength)[free]).max() > FLAT * (m.n - 1) * m.t:
            return top, False
    sign = np.linalg.eigvalsh(_symmetric(_dynamics_slopes(m, here, 1.0)[np.ix_(free, free)]))
    return (here, True) if sign.max() < 0 else (top, False)


def _stationary(m: DynamicMoments, start: np.ndarray, strength: float) -> np.ndarray:
    """Return the root of the score nearest to a start, with exact derivatives."""
    free = list(m.free)

    def whole(part: np.ndarray) -> np.ndarray:
        out = np.zeros(3)
        out[free] = part
        return out

    def score(part: np.ndarray) -> np.ndarray:
        return np.asarray(m.score(whole(part), strength)[free])

    def slopes(part: np.ndarray) -> np.ndarray:
        return np.asarray(_dynamics_slopes(m, whole(part), strength)[np.ix_(free, free)])

    return whole(root(score, start[free], jac=slopes, tol=ROOT).x)


def _dynamics_slopes(m: DynamicMoments, dynamics: np.ndarray, strength: float) -> np.ndarray:
    """Return derivatives in rho, tau, eta with the regressors' coefficients concentrated out, shape (3, 3)."""
    whole = m.slope_matrix(dynamics, strength)
    return np.asarray(whole[:3, :3] - whole[:3, 3:] @ np.linalg.solve(whole[3:, 3:], whole[3:, :3]))


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return np.asarray((matrix + matrix.T) / 2)
