"""Where the concentrated likelihood is highest: a coarse look over the whole range, then a root of the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar, root

from evenfield.numerics.spatial_panel.likelihood import PanelMoments

COARSE, COARSE_PAIR, STARTS = 32, 25, 4
EDGE = 1e-6
# ASSUME: an estimate within this share of its range from an end is not told from the end.
EDGE_SHARE = 1e-4
ROOT = 1e-13
STATIONARY = 1e-5


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best spatial parameters."""

    rho: float  # lag and error parameter; zero where the model has none
    lam: float  # lag and error parameter; zero where the model has none
    at_bound: bool  # whether a spatial parameter is at the edge of its range


def at_edge(value: float, low: float, high: float) -> bool:
    """Whether a spatial parameter is at the edge of its range (low, high), where 1 / (1 - rho) is not known."""
    return min(value - low, high - value) < EDGE_SHARE * (high - low)


def highest_likelihood(moments: PanelMoments, lag: str, error: str) -> Optimum:
    """Maximise the concentrated likelihood."""
    low, high = moments.logdet.domain
    if lag == error == "none":
        return Optimum(0.0, 0.0, False)
    if lag == error:
        return _best_pair(moments, low, high)
    zero, index = np.zeros(1), 0 if lag == "free" else 1
    if lag == "free":
        found, bound = _best_single(lambda d: moments.log_likelihood(d, zero), lambda d: moments.score(d, 0.0)[0],
                                    low, high)  # fmt: skip
    else:
        found, bound = _best_single(lambda d: moments.log_likelihood(zero, d), lambda d: moments.score(0.0, d)[1],
                                    low, high)  # fmt: skip
    pair = (found, 0.0) if index == 0 else (0.0, found)
    return Optimum(*pair, bound or at_edge(found, low, high))


def coarse_points(low: float, high: float, count: int) -> np.ndarray:
    """Return points over the open range (low, high), closer together near its ends; shape (count,)."""
    middle, half = (low + high) / 2, (high - low) / 2 * (1.0 - EDGE)
    return np.asarray(middle - half * np.cos(np.pi * np.arange(count) / (count - 1)))


def _best_single(
    value: Callable[[np.ndarray], np.ndarray], slope: Callable[[float], float], low: float, high: float
) -> tuple[float, bool]:
    points = coarse_points(low, high, COARSE)
    top = int(np.argmax(value(points)))
    left, right = float(points[max(top - 1, 0)]), float(points[min(top + 1, COARSE - 1)])
    rises, falls = slope(left) > 0, slope(right) < 0
    if rises and falls:
        return float(brentq(slope, left, right, xtol=ROOT, rtol=4 * np.finfo(float).eps)), False
    if top in (0, COARSE - 1):
        return float(points[top]), True
    found = minimize_scalar(lambda d: -float(value(np.array([d]))[0]), bounds=(left, right), method="bounded",
                            options={"xatol": 1e-10})  # fmt: skip
    return float(found.x), False


def _best_pair(moments: PanelMoments, low: float, high: float) -> Optimum:
    """Search rho and lambda together: their likelihood often has two peaks, so several starts are followed."""
    points = coarse_points(low, high, COARSE_PAIR)
    rho, lam = (side.ravel() for side in np.meshgrid(points, points, indexing="ij"))
    height = moments.log_likelihood(rho, lam).reshape(COARSE_PAIR, COARSE_PAIR)
    found = [_climbed(moments, np.array([points[i], points[j]]), low, high) for i, j in _peaks(height)[:STARTS]]
    best = max(found, key=lambda place: place[0])
    return Optimum(best[1], best[2], best[3])


def _climbed(moments: PanelMoments, start: np.ndarray, low: float, high: float) -> tuple[float, float, float, bool]:
    """Climb to the peak above a start; return its height, rho, lambda and whether it lies on the edge."""
    edges = (_inside(np.full(2, -np.inf), low, high)[0], _inside(np.full(2, np.inf), low, high)[0])

    def depth(pair: np.ndarray) -> tuple[float, np.ndarray]:
        here = np.asarray(pair[0]), np.asarray(pair[1])
        return -float(moments.log_likelihood(*here)), -moments.score(float(pair[0]), float(pair[1]))

    def slope(pair: np.ndarray) -> np.ndarray:
        return moments.score(*_inside(pair, low, high))

    climbed = minimize(depth, start, jac=True, method="L-BFGS-B", bounds=[edges, edges])
    polished = _inside(root(slope, climbed.x, tol=ROOT).x, low, high)
    flat = np.abs(slope(np.array(polished))).max() < STATIONARY * moments.counts.observations
    better = flat and depth(np.array(polished))[0] <= climbed.fun + ROOT * abs(climbed.fun)
    place = np.array(polished) if better else climbed.x
    return -depth(place)[0], float(place[0]), float(place[1]), any(at_edge(float(d), low, high) for d in place)


def _inside(pair: np.ndarray, low: float, high: float) -> tuple[float, float]:
    middle, half = (low + high) / 2, (high - low) / 2 * (1.0 - EDGE)
    clipped = np.clip(pair, middle - half, middle + half)
    return float(clipped[0]), float(clipped[1])


def _peaks(height: np.ndarray) -> list[tuple[int, int]]:
    """List the points of the grid that no neighbour tops, highest first."""
    padded = np.pad(height, 1, constant_values=-np.inf)
    size = len(height)
    around = [padded[1 + i : 1 + i + size, 1 + j : 1 + j + size] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    places = np.argwhere(height >= np.max(around, axis=0))
    return [(int(i), int(j)) for i, j in sorted(places.tolist(), key=lambda place: -height[place[0], place[1]])]
