"""Speed of convergence and half-life: from the slope, with intervals, and by nonlinear
least squares.

A growth regression over T years has the slope b = -(1 - e^{-lambda T})/T, which flattens
with T: the speed lambda is what periods of different length have in common.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.ols import OlsFit, cov_hc3, fit_ols

MAX_STEPS = 500
SCORE_TOLERANCE = 4 * float(np.finfo(float).eps)
UNBOUNDED = "unbounded"
UNDEFINED = "undefined"


def speed_from_slope(slope: float, years: float) -> float:
    """Return the speed of convergence that a growth regression's slope implies.

    Notes
    -----
    Barro and Sala-i-Martin (1992): b = -(1 - e^{-lambda T})/T.
    """
    root = slope * years
    return float(-np.log1p(root) / years) if root > -1 else float("nan")


def half_life(speed: float) -> float:
    """Return the years in which half of a gap closes."""
    return float(np.log(2) / speed) if speed > 0 else float("nan")


class Bounds(NamedTuple):
    """An interval whose ends may be missing, and the word that says why."""

    low: float  # NaN where an end is infinite or not defined
    high: float
    note: str = ""


def speed_bounds(slope_low: float, slope_high: float, years: float) -> Bounds:
    """Transform an interval of the slope into an interval of the speed."""
    low = speed_from_slope(slope_high, years)
    high = speed_from_slope(slope_low, years)
    if np.isnan(low):
        return Bounds(np.nan, np.nan, UNDEFINED)
    return Bounds(low, high, UNBOUNDED if np.isnan(high) else "")


def half_life_bounds(speed: Bounds) -> Bounds:
    """Transform an interval of the speed into an interval of the half-life."""
    if speed.note == UNDEFINED or speed.high <= 0:
        return Bounds(np.nan, np.nan, UNDEFINED)
    low = 0.0 if speed.note == UNBOUNDED else half_life(speed.high)
    high = half_life(speed.low)
    return Bounds(low, high, UNBOUNDED if np.isnan(high) else "")


class SpeedFit(NamedTuple):
    """The speed of convergence by nonlinear least squares."""

    # speed per year; NaN when the sum of squares has no minimum (the OLS slope has 1 +
    # bT <= 0)
    lam: float
    std_error: float  # HC3 standard error of ``lam`` from the Jacobian at the minimum
    df: int  # N - K
    steps: int  # newton steps taken
    # largest element of J'u, each divided by the lengths of its column of J and of the
    # outcome
    gradient: float
    converged: bool  # whether the profile score reached machine precision


def fit_speed(
    growth: Array, y_start: Array, years: float, Z: Array | None = None
) -> SpeedFit:
    """Fit the growth equation for the speed itself by nonlinear least squares; growth
    (N,), y_start (N,), Z (N, L).

    Notes
    -----
    (1/T)(y_T - y_0) = a - [(1 - e^{-lambda T})/T] y_0 + z'd + u (Barro and
    Sala-i-Martin 1992). a and d are concentrated out, and Newton's method with the
    analytic derivative finds the root of the profile score. The result equals the
    transform of the OLS slope wherever that exists.
    """
    one = np.ones((len(growth), 1))
    W = one if Z is None else np.column_stack([one, Z])
    linear = fit_ols(growth, np.column_stack([W, y_start]))
    g = _residuals(growth, W)
    y = _residuals(y_start, W)
    slope = float(g @ y / (y @ y))
    if slope * years <= -1:
        return SpeedFit(
            lam=np.nan,
            std_error=np.nan,
            df=linear.df,
            steps=0,
            gradient=np.nan,
            converged=False,
        )
    lam, steps, converged = _newton(slope, years)
    return _finish(lam, steps, converged, linear, years)


def _residuals(v: Array, W: Array) -> Array:
    return v - W @ np.linalg.lstsq(W, v, rcond=None)[0]


def _newton(slope: float, years: float) -> tuple[float, int, bool]:
    lam = 0.0
    score = slope
    small = SCORE_TOLERANCE * max(abs(slope), 1 / years)
    for step in range(1, MAX_STEPS + 1):
        # Score b + (1 - e^{-lambda T})/T, whose derivative is e^{-lambda T}.
        lam -= score / float(np.exp(-lam * years))
        score = slope - float(np.expm1(-lam * years)) / years
        if abs(score) <= small:
            return lam, step, True
    return lam, MAX_STEPS, False


def _finish(
    lam: float, steps: int, converged: bool, linear: OlsFit, years: float
) -> SpeedFit:
    phi = -np.expm1(-lam * years) / years
    W = linear.X[:, :-1]
    y_start = linear.X[:, -1]
    level = linear.y + phi * y_start
    u_hat = level - W @ np.linalg.lstsq(W, level, rcond=None)[0]
    J = np.column_stack([W, -np.exp(-lam * years) * y_start])
    basis = fit_ols(linear.y, J).basis
    # HC3 of the regression on the derivatives of the fit, at the minimum.
    unused = np.full(J.shape[1], np.nan)
    cov = cov_hc3(
        OlsFit(
            X=J,
            y=linear.y,
            beta=unused,
            bread=basis @ basis.T,
            basis=basis,
            u_hat=u_hat,
        )
    )
    outcome = max(float(np.linalg.norm(linear.y)), np.finfo(float).tiny)
    lengths = np.sqrt((J**2).sum(axis=0)) * outcome
    return SpeedFit(
        lam=lam,
        std_error=float(np.sqrt(cov[-1, -1])),
        df=linear.df,
        steps=steps,
        gradient=float(np.abs(J.T @ u_hat / lengths).max()),
        converged=converged,
    )
