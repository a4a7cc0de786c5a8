"""Growth regressions in many windows at once: slopes, joint covariance, sup-t band and contrasts of speeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference, t_inference

CHUNK = 500
CONSTANT = 1e-12
LEVERAGE_ONE = 1e-10


@dataclass(frozen=True)
class WindowFit:
    """One least-squares line for each window, through the same units."""

    slope: np.ndarray  # (S,) coefficient of the regressor in each window
    influence: np.ndarray  # (N, S) by how much slope s falls when unit i is left out, exactly: c_is u_is / (1 - h_is)
    pull: np.ndarray  # (N, S) c_is = (x_is - xbar_s) / sum_i (x_is - xbar_s)^2
    scaled: np.ndarray  # (N, S) residuals divided by one minus leverage
    leverage: np.ndarray  # (N, S) diagonals of the hat matrices

    @property
    def df(self) -> int:
        """Residual degrees of freedom N - 2 of each window."""
        return len(self.pull) - 2

    @property
    def covariance(self) -> np.ndarray:
        """Joint covariance of the slopes, shape (S, S); its diagonal is HC3."""
        return np.asarray(self.influence.T @ self.influence)

    @property
    def std_error(self) -> np.ndarray:
        """HC3 standard errors, shape (S,)."""
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0)))


def window_ends(times: np.ndarray, span: int) -> list[tuple[int, int]]:
    """List the windows of a given length; times (T,)."""
    place = {int(time): i for i, time in enumerate(times)}
    return [(i, place[int(time) + span]) for i, time in enumerate(times) if int(time) + span in place]


def fit_windows(y: np.ndarray, X: np.ndarray) -> WindowFit:
    """Fit y_is = a_s + b_s x_is + u_is in every window; y, X (N, S).

    Notes
    -----
    All windows share their units, so that sum_i influence_is influence_iq estimates the covariance of two slopes
    whatever the dependence between the windows is: the cluster jackknife of the stacked regressions (Bell and
    McCaffrey 2002) without its factor (N-1)/N.
    """
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    if len(y) < 3:
        raise NumericsError(f"{len(y)} units, a regression needs at least 3")
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise NumericsError("a window holds a missing or infinite value")
    if (np.ptp(X, axis=0) <= CONSTANT * np.abs(X).max(axis=0)).any():
        raise NumericsError("a regressor is the same in every unit")
    x, g = X - X.mean(axis=0), y - y.mean(axis=0)
    pull = x / (x**2).sum(axis=0)
    slope = (pull * g).sum(axis=0)
    leverage = 1 / len(y) + pull * x
    if (leverage > 1 - LEVERAGE_ONE).any():
        raise NumericsError("one unit determines a slope alone (leverage 1)")
    scaled = (g - slope * x) / (1 - leverage)
    return WindowFit(slope, pull * scaled, pull, scaled, leverage)


def sup_t_draws(fit: WindowFit, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw the largest absolute t-ratio over all windows; shape (draws,).

    Notes
    -----
    Wild bootstrap-t by unit: residuals divided by one minus leverage keep or change their sign together in all
    windows (Rademacher), slopes and HC3 errors are computed again and the largest |b* - b| / se* is kept. Montiel
    Olea and Plagborg-Moller (2019) on sup-t bands; Cameron, Gelbach and Miller (2008) on the bootstrap.
    """
    if (np.abs(fit.scaled).max(axis=0) <= CONSTANT * np.abs(fit.slope / fit.pull.max(axis=0))).any():
        raise NumericsError("a window fits perfectly, no residual is left")
    return np.sort(np.concatenate([np.abs(moved / errors).max(axis=1) for moved, errors, _ in _draws(fit, rng, draws)]))


def sup_t_critical_value(largest: np.ndarray, level: float = 0.95) -> float:
    """Return the multiple of the standard errors that covers all slopes at once; largest (draws,)."""
    return float(np.quantile(largest, level, method="higher"))


def _draws(fit: WindowFit, rng: np.random.Generator, draws: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield b* - b, its HC3 errors (both draws by windows) and the influences of every draw."""
    x = fit.pull / (fit.pull**2).sum(axis=0)
    for first in range(0, draws, CHUNK):
        signs = rng.integers(0, 2, (min(CHUNK, draws - first), len(fit.pull))) * 2.0 - 1.0
        outcome = signs[:, :, None] * fit.scaled
        moved = signs @ (fit.pull * fit.scaled)
        residual = outcome - outcome.mean(axis=1, keepdims=True) - moved[:, None, :] * x
        influence = fit.pull * residual / (1 - fit.leverage)
        yield moved, np.sqrt((influence**2).sum(axis=1)), influence


@dataclass(frozen=True)
class SpeedContrasts:
    """Differences between speeds of convergence in separate periods."""

    speed: np.ndarray  # (S,) speeds, per year
    contrasts: tuple[Inference, ...]  # speed of each later period minus that of the first, delta method with t(N - 2)
    p_bootstrap: np.ndarray  # (S - 1,) two-sided wild bootstrap-t p-values of the contrasts
    wald: float  # joint test that all speeds are equal, divided by its S - 1 restrictions
    wald_p: float  # its bootstrap p-value
    draws_left_out: int  # draws in which a speed does not exist


def speed_contrasts(
    fit: WindowFit, years: np.ndarray, rng: np.random.Generator, draws: int, level: float = 0.95
) -> SpeedContrasts:
    """Compare speeds of convergence between periods of different length; years (S,).

    Notes
    -----
    Slopes of periods of different length differ even when the speed is constant, because b = -(1 - e^{-lambda T})/T:
    the speeds lambda = -ln(1 + bT)/T are compared, not the slopes. d lambda / d b = -1/(1 + bT).
    """
    if len(fit.slope) < 2 or len(fit.pull) <= len(fit.slope) + 1:
        raise NumericsError(f"{len(fit.slope)} periods and {len(fit.pull)} units allow no comparison of speeds")
    if (1 + fit.slope * years <= 0).any():
        raise NumericsError("a speed is not defined: 1 + bT is not positive")
    speed = -np.log1p(fit.slope * years) / years
    gap, cov = _gaps(speed[None], _speed_influence(fit.slope[None], fit.influence[None], years))
    errors = np.sqrt(np.einsum("dss->ds", cov))[0]
    rows = tuple(t_inference(float(g), float(e), fit.df, level) for g, e in zip(gap[0], errors, strict=True))
    wald = _wald(gap, cov)[0]
    drawn_t, drawn_wald, lost = _null_draws(fit, speed, years, rng, draws)
    p_each = (1 + (np.abs(drawn_t) >= np.abs(gap[0] / errors)).sum(axis=0)) / (1 + len(drawn_t))
    p_joint = (1 + int((drawn_wald >= wald).sum())) / (1 + len(drawn_wald))
    return SpeedContrasts(speed, rows, p_each, float(wald), p_joint, lost)


def _speed_influence(slopes: np.ndarray, influence: np.ndarray, years: np.ndarray) -> np.ndarray:
    return np.asarray(influence / (1 + slopes * years)[:, None, :])


def _gaps(speed: np.ndarray, influence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return speeds less the first speed, and their covariances, for every draw."""
    apart = influence[:, :, 1:] - influence[:, :, :1]
    return speed[:, 1:] - speed[:, :1], np.swapaxes(apart, 1, 2) @ apart


def _wald(gap: np.ndarray, cov: np.ndarray) -> np.ndarray:
    try:
        solved = np.linalg.solve(cov, gap[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise NumericsError("the periods cannot be told apart: some hold the same years or the same growth") from None
    return np.asarray((gap * solved).sum(axis=1) / gap.shape[1])


def _null_draws(
    fit: WindowFit, speed: np.ndarray, years: np.ndarray, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray, int]:
    centre, ts, walds, lost = speed[1:] - speed[:1], [], [], 0
    for moved, _, influence in _draws(fit, rng, draws):
        slopes = fit.slope + moved
        kept = (1 + slopes * years > 0).all(axis=1)
        lost += int((~kept).sum())
        drawn = -np.log1p(slopes[kept] * years) / years
        gap, cov = _gaps(drawn, _speed_influence(slopes[kept], influence[kept], years))
        ts.append((gap - centre) / np.sqrt(np.einsum("dss->ds", cov)))
        walds.append(_wald(gap - centre, cov))
    return np.concatenate(ts), np.concatenate(walds), lost
