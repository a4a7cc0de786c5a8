"""Two-way clustering: errors that belong together within a unit, and within a date."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.result import RobustInference, robust_inference
from evenfield.numerics.ols import OlsFit

TWO_WAY_FACTOR = "m/(m-1), m the smaller number of clusters"


def two_way_inference(
    fit: OlsFit, c: np.ndarray, first: np.ndarray, second: np.ndarray, level: float = 0.95
) -> RobustInference:
    """Test c'beta against zero with errors clustered in two ways; c (K,), first, second (R,).

    Notes
    -----
    Cameron, Gelbach and Miller (2011). V_1 + V_2 - V_12 need not be positive; taking the largest of the three is the
    careful choice of MacKinnon, Nielsen and Webb (2024).
    """
    ways = [np.unique(np.asarray(way), return_inverse=True) for way in (first, second)]
    if any(place.shape != fit.y.shape for _, place in ways):
        raise NumericsError(f"{len(ways[0][1])} and {len(ways[1][1])} labels do not fit {fit.y.size} observations")
    counts = [len(names) for names, _ in ways]
    if min(counts) < 2:
        raise NumericsError("clustering in two ways needs at least two clusters in each")
    if len(np.unique(ways[0][1] * counts[1] + ways[1][1])) < fit.y.size:
        raise NumericsError("a pair of clusters holds more than one observation")
    scores = fit.X @ (fit.bread @ np.asarray(c, dtype=float)) * fit.u_hat
    V_1, V_2 = (float((np.bincount(place, scores) ** 2).sum()) for _, place in ways)
    variance = max(V_1 + V_2 - float(scores @ scores), V_1, V_2)
    m = min(counts)
    return robust_inference(float(c @ fit.beta), variance, m - 1, m / (m - 1), TWO_WAY_FACTOR, level)
