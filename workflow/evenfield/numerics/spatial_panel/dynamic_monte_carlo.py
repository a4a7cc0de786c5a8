"""How far the dynamic estimators are off at a study's own size: its units, weights, years and regressors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.dynamic import DynamicFit, fit_moments
from evenfield.numerics.spatial_panel.dynamic_moments import DYNAMICS, dynamic_moments
from evenfield.numerics.spatial_panel.normal import normal_quantile
from evenfield.numerics.spatial_panel.panel import BalancedPanel

ESTIMATORS = ("likelihood", "one_step", "adjusted")
FEWEST = 20


@dataclass(frozen=True)
class DynamicMonteCarlo:
    """Bias of rho, tau and eta, in columns, by estimator, in rows."""

    truth: np.ndarray  # (3,) what was planted
    bias: np.ndarray  # (3, 3) mean error and standard deviation over the panels with an estimate
    sd: np.ndarray  # (3, 3) mean error and standard deviation over the panels with an estimate; NaN with fewer than 20
    coverage: np.ndarray  # (3,) share of the adjusted estimate's intervals that hold the truth
    error_ratio: np.ndarray  # (3,) mean standard error over the standard deviation of the adjusted estimate
    estimated: np.ndarray  # (3,) panels with an estimate, by estimator
    replications: int  # panels drawn


def dynamic_monte_carlo(
    panel: BalancedPanel, fit: DynamicFit, rng: np.random.Generator, replications: int = 400, level: float = 0.95
) -> DynamicMonteCarlo:
    """Draw panels from a fit and estimate each of them.

    Notes
    -----
    Shocks are normal with the fit's variance, independent over units and periods; unit effects are the fit's mean
    residuals. Time effects are left out: the estimators do not depend on them.
    """
    if replications < FEWEST:
        raise NumericsError(f"{replications} panels are too few: at least {FEWEST}")
    found: dict[str, list[np.ndarray]] = {name: [] for name in ESTIMATORS}
    errors = []
    for values in _panels(panel, fit, rng, replications):
        drawn = BalancedPanel(fit.network.units, panel.periods, panel.names, values)
        m, names = dynamic_moments(drawn, fit.network, fit.lagged, fit.free)
        again = fit_moments(m, fit.network, panel.names, tuple(names[3 + len(panel.names) :]))
        found["likelihood"].append(again.likelihood[:3])
        if np.isfinite(again.one_step).all():
            found["one_step"].append(again.one_step[:3])
        if again.found:
            found["adjusted"].append(again.estimates[:3])
            errors.append(again.std_errors[:3])
    return _summary(fit.dynamics, found, np.array(errors), replications, level)


def _panels(panel: BalancedPanel, fit: DynamicFit, rng: np.random.Generator, replications: int) -> np.ndarray:
    """Return drawn panels, shape (R, N, T + 1, 1 + K), units in the order of the network."""
    values, W = panel.ordered(fit.network.units), fit.network.lag(np.eye(fit.network.n))
    rho, tau, eta = fit.dynamics
    n, periods = values.shape[:2]
    k = len(fit.regressors)
    places = [1 + fit.regressors.index(name) for name in fit.lagged]
    slopes = fit.estimates[len(DYNAMICS) :]
    signal = values[..., 1:] @ slopes[:k] + fit.network.lag(values)[..., places] @ slopes[k:]
    y, S = values[..., 0], np.eye(n) - rho * W
    residual = S @ y[:, 1:] - (tau * np.eye(n) + eta * W) @ y[:, :-1] - signal[:, 1:]
    mu = residual.mean(axis=1) - residual.mean()
    inverse = np.linalg.inv(S)
    A, level = inverse @ (tau * np.eye(n) + eta * W), (signal + mu[:, None]).T @ inverse.T
    shocks = np.sqrt(fit.sigma2) * rng.standard_normal((replications, periods, n)) @ inverse.T
    out = np.repeat(values[None], replications, axis=0)
    for s in range(1, periods):
        out[:, :, s, 0] = out[:, :, s - 1, 0] @ A.T + level[s] + shocks[:, s]
    return out


def _summary(
    truth: np.ndarray, found: dict[str, list[np.ndarray]], errors: np.ndarray, replications: int, level: float
) -> DynamicMonteCarlo:
    bias, sd = np.full((2, len(ESTIMATORS), len(DYNAMICS)), np.nan)
    for i, name in enumerate(ESTIMATORS):
        if len(found[name]) >= FEWEST:
            values = np.array(found[name])
            bias[i], sd[i] = values.mean(axis=0) - truth, values.std(axis=0, ddof=1)
    counts = np.array([len(found[name]) for name in ESTIMATORS])
    coverage, ratio = np.full((2, len(DYNAMICS)), np.nan)
    if counts[-1] >= FEWEST:
        gap = np.abs(np.array(found["adjusted"]) - truth)
        coverage = (gap <= normal_quantile(0.5 + level / 2) * errors).mean(axis=0)
        ratio = np.divide(errors.mean(axis=0), sd[-1], out=np.full(len(DYNAMICS), np.nan), where=sd[-1] > 0)
    return DynamicMonteCarlo(truth, bias, sd, coverage, ratio, counts, replications)
