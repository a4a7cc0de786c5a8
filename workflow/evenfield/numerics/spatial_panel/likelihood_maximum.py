"""The maximum of the concentrated likelihood, of one sample or of many at once.

One spatial parameter is bracketed on a coarse grid and found as a root of the score;
two are climbed from several starts, because their likelihood often has two peaks.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar, root
from scipy.optimize.elementwise import find_root

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.columns import ModelForm
from evenfield.numerics.spatial_panel.likelihood import PanelMoments

Searched = Callable[[Any], Any]
COARSE = 32  # points on which the peak of one parameter is bracketed
COARSE_PAIR = 25  # points a side where two are searched together
STARTS = 4  # highest points of the grid that are climbed from
EDGE = 1e-6  # share of the range that the search leaves out at either end
ANYWHERE = (0.0, 0.0)
# ASSUME: an estimate within this share of its range from an end is not told from the
# end.
EDGE_SHARE = 1e-4
ROOT = 1e-13
STATIONARY = 1e-5
CLOSE = 1e-8  # a secant step after which the next is below the last bit
SECANTS = 9


class Optimum(NamedTuple):
    """The best spatial parameters, of one sample or (B,); zero where there is none."""

    rho: Any
    lam: Any
    at_bound: Any  # whether a spatial parameter is at the edge of its range


class _Peak(NamedTuple):
    log_likelihood: float
    optimum: Optimum


def at_edge(value: Any, low: float, high: float) -> Any:
    """Whether a spatial parameter is at the edge of its range (low, high), where 1 / (1
    - rho) is not known.
    """
    margin = EDGE_SHARE * (high - low)
    return (value - low < margin) | (high - value < margin)


def highest_likelihood(
    moments: PanelMoments, form: ModelForm, near: tuple[float, float] = ANYWHERE
) -> Optimum:
    """Maximise the concentrated likelihood; a peak of its one parameter between the
    ends ``near`` ends the search.
    """
    if not (form.lag or form.error):
        return Optimum(0.0, 0.0, False)
    if form.lag and form.error:
        return _best_pair(moments)
    low, high = moments.logdet.domain
    best, bound = _best_single(*_profile(moments, form.lag), low, high, near)
    bound = bound or at_edge(best, low, high)
    return Optimum(best, 0.0, bound) if form.lag else Optimum(0.0, best, bound)


def highest_likelihoods(moments: PanelMoments, form: ModelForm) -> Optimum:
    """Maximise the concentrated likelihood of each of B samples, all at once where it
    has one parameter.
    """
    each = [replace(moments, gram=gram) for gram in moments.gram]
    if form.lag == form.error:
        optima = [highest_likelihood(sample, form) for sample in each]
        return Optimum(*np.array(optima).reshape(-1, 3).T)
    low, high = moments.logdet.domain
    points = _coarse_points(low, high, COARSE)
    value, _ = _profile(moments, form.lag)
    top = np.argmax(value(points[:, None]), axis=0)
    left = points[np.maximum(top - 1, 0)]
    right = points[np.minimum(top + 1, COARSE - 1)]

    def slope(d: Array, sample: np.ndarray) -> Any:
        part = replace(moments, gram=moments.gram[sample])
        return _profile(part, form.lag)[1](d)

    result = find_root(slope, (left, right), args=(np.arange(len(top)),))
    best = np.array(result.x)
    bound = np.zeros(len(top), dtype=bool)
    # A root at which the score rises is a valley: such samples are searched alone.
    peaked = result.success & (result.f_bracket[0] >= result.f_bracket[1])
    for i in np.flatnonzero(~peaked):
        best[i], bound[i] = _best_single(*_profile(each[i], form.lag), low, high)
    rho = best if form.lag else np.zeros(len(top))
    return Optimum(rho, best - rho, bound | at_edge(best, low, high))


def _profile(moments: PanelMoments, lag: bool) -> tuple[Searched, Searched]:
    """Return the likelihood in its one spatial parameter, and its derivative."""
    if lag:
        return moments.lag_log_likelihood, moments.lag_score
    return (
        lambda d: moments.log_likelihood(0 * d, d),
        lambda d: moments.score(0 * d, d)[1],
    )


def _coarse_points(low: float, high: float, count: int) -> Array:
    """Return points over the open range (low, high), closer together near its ends;
    shape (count,).
    """
    middle = (low + high) / 2
    half = (high - low) / 2 * (1.0 - EDGE)
    return middle - half * np.cos(np.pi * np.arange(count) / (count - 1))


def _best_single(
    value: Searched,
    slope: Searched,
    low: float,
    high: float,
    near: tuple[float, float] = ANYWHERE,
) -> tuple[float, bool]:
    """Return the parameter of the highest peak and whether it is an end of the grid."""
    left = max(near[0], low * (1.0 - EDGE))
    right = min(near[1], high * (1.0 - EDGE))
    peak = _secant_root(slope, left, right) if left < right else None
    if peak is not None:
        return peak, False
    points = _coarse_points(low, high, COARSE)
    top = int(np.argmax(value(points)))
    left = points[max(top - 1, 0)]
    right = points[min(top + 1, COARSE - 1)]
    if slope(left) > 0 > slope(right):
        machine = np.finfo(float).eps
        return float(brentq(slope, left, right, xtol=ROOT, rtol=4 * machine)), False
    if top in (0, COARSE - 1):
        return float(points[top]), True
    optimum = minimize_scalar(
        lambda d: -float(value(d)),
        bounds=(left, right),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(optimum.x), False


def _secant_root(slope: Searched, left: float, right: float) -> float | None:
    """Follow secants to a peak between two points; None where none is reached."""
    rise = float(slope(left))
    fall = float(slope(right))
    if not rise > 0 > fall:
        return None
    for _ in range(SECANTS):
        step = fall * (right - left) / (fall - rise or np.inf)
        # The error after a secant's step of this length is below the last bit.
        if abs(step) < CLOSE:
            return right - step
        left = right
        rise = fall
        right -= step
        fall = float(slope(right))
    return None


def _best_pair(moments: PanelMoments) -> Optimum:
    """Search rho and lambda together, from the highest points of a coarse grid."""
    low, high = moments.logdet.domain
    points = _coarse_points(low, high, COARSE_PAIR)
    rho, lam = (side.ravel() for side in np.meshgrid(points, points, indexing="ij"))
    log_likelihood = moments.log_likelihood(rho, lam).reshape(COARSE_PAIR, COARSE_PAIR)
    peaks = [
        _climbed(moments, points[list(cell)], low, high)
        for cell in _peaks(log_likelihood)[:STARTS]
    ]
    return max(peaks, key=lambda peak: peak.log_likelihood).optimum


def _climbed(moments: PanelMoments, start: Array, low: float, high: float) -> _Peak:
    """Climb to the peak above a start."""
    edges = tuple(_coarse_points(low, high, 2))

    def depth(pair: Array) -> tuple[float, Array]:
        return -float(moments.log_likelihood(*pair)), -moments.score(*pair)

    def slope(pair: Array) -> Array:
        return moments.score(*np.clip(pair, *edges))

    climbed = minimize(depth, start, jac=True, method="L-BFGS-B", bounds=[edges, edges])
    # The root of the score is sharper than the climber's end, if it is the same peak.
    polished = np.clip(root(slope, climbed.x, tol=ROOT).x, *edges)
    flat = np.abs(slope(polished)).max() < STATIONARY * moments.counts.observations
    better = flat and depth(polished)[0] <= climbed.fun + ROOT * abs(climbed.fun)
    rho, lam = (float(d) for d in (polished if better else climbed.x))
    bound = at_edge(rho, low, high) or at_edge(lam, low, high)
    log_likelihood = -depth(np.array([rho, lam]))[0]
    return _Peak(log_likelihood, Optimum(rho, lam, bound))


def _peaks(log_likelihood: Array) -> list[tuple[int, int]]:
    """List the points of the grid that no neighbour tops, highest first."""
    # The edge of the grid counts as infinitely low.
    padded = np.pad(log_likelihood, 1, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).max(axis=(2, 3))
    peaks = [(i, j) for i, j in np.argwhere(log_likelihood >= around).tolist()]
    return sorted(peaks, key=lambda cell: -float(log_likelihood[cell]))
