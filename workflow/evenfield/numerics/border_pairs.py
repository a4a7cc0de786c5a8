"""Differences across a line on the map: pairs of neighbours, one inside and one outside, and their dependence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.result import RobustInference, robust_inference

FEWEST_SIDE = 4


@dataclass(frozen=True, slots=True)
class BorderPairs:
    """Neighbours on two sides of a line."""

    inside: np.ndarray  # (P,) positions of the two units of each pair
    outside: np.ndarray


def border_pairs(member: np.ndarray, touching: np.ndarray) -> BorderPairs:
    """Find the pairs of neighbours that a line separates; member (N,), touching (N, N)."""
    inside, outside = np.nonzero(touching & member[:, None] & ~member[None, :])
    if not len(inside):
        raise NumericsError("no two neighbours lie on different sides of the line")
    return BorderPairs(inside, outside)


def border_difference(y: np.ndarray, pairs: BorderPairs, level: float = 0.95) -> RobustInference:
    """Estimate the mean difference across the line, with errors clustered by the units of both sides; y (N,).

    Notes
    -----
    d_p = y_i - y_j over P pairs (i, j); the estimate is their mean, which is the coefficient of the inside with pair
    effects. With u_p = d_p - mean, V = [sum_i (sum_p u_p of i)^2 + sum_j (sum_p u_p of j)^2] / P^2: the two-way sum
    without subtracting the pairs' own variance, which errs on the side of caution and is never negative. t with the
    smaller number of units on one side minus one. Cameron, Gelbach and Miller (2011); Davezies, D'Haultfoeuille and
    Guyonvarch (2021).
    """
    sides = [np.unique(side) for side in (pairs.inside, pairs.outside)]
    fewest = min(len(side) for side in sides)
    if fewest < FEWEST_SIDE:
        raise NumericsError(f"only {fewest} units stand on one side of the line")
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    sums = [np.bincount(side, weights=u, minlength=len(y)) for side in (pairs.inside, pairs.outside)]
    variance = float(sum(part @ part for part in sums)) / len(d) ** 2
    return robust_inference(float(d.mean()), variance, fewest - 1, 1.0, "none", level)


def border_permutation(y: np.ndarray, pairs: BorderPairs, draws: int, rng: np.random.Generator) -> float:
    """Return the p-value of the mean difference when outcomes are dealt to units at random; y (N,)."""
    weights = np.zeros(len(y))
    np.add.at(weights, pairs.inside, 1.0 / len(pairs.inside))
    np.add.at(weights, pairs.outside, -1.0 / len(pairs.inside))
    observed = abs(float(weights @ y))
    drawn = np.abs(rng.permuted(np.tile(y, (draws, 1)), axis=1) @ weights)
    return float((1 + (drawn >= observed * (1 - 1e-9)).sum()) / (1 + draws))
