"""Inequality between units, Dagum's parts of it, and growth accounting; axis 0 is always the unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

THEIL_T, THEIL_L = "theil_t", "theil_l"


def relative_incomes(income: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of the weights and incomes relative to the weighted mean; income (N,), weights (N,) -> (N,)."""
    y, w = np.asarray(income, dtype=float), np.asarray(weights, dtype=float)
    if len(y) < 2 or y.shape != w.shape:
        raise NumericsError("inequality needs at least two units and one weight for each")
    bad = int((~(np.isfinite(y) & np.isfinite(w) & (y > 0) & (w > 0))).sum())
    if bad:
        raise NumericsError(f"{bad} incomes or weights are missing, zero or negative")
    p = w / w.sum()
    return p, y / (p @ y)


def theil(income: np.ndarray, weights: np.ndarray, measure: str = THEIL_T) -> float:
    """Return a Theil index; income, weights (N,)."""
    p, r = relative_incomes(income, weights)
    return theil_of_shares(p, r, measure)


def theil_of_shares(p: np.ndarray, r: np.ndarray, measure: str) -> float:
    """Return a Theil index from shares and relative incomes; p, r (N,)."""
    if measure not in (THEIL_T, THEIL_L):
        raise NumericsError(f"a Theil index is {THEIL_T} or {THEIL_L}, not {measure!r}")
    return float(p @ (r * np.log(r))) if measure == THEIL_T else float(-(p @ np.log(r)))


def gini(income: np.ndarray, weights: np.ndarray) -> float:
    """Return the Gini coefficient, sum_ij p_i p_j |r_i - r_j| / 2; income, weights (N,)."""
    p, r = relative_incomes(income, weights)
    order = np.argsort(r, kind="stable")
    p, r = p[order], r[order]
    below = np.cumsum(p) - p / 2
    return float(2 * (p * r) @ below - 1)


def atkinson(income: np.ndarray, weights: np.ndarray, aversion: float = 1.0) -> float:
    """Return the Atkinson (1970) index; income, weights (N,)."""
    if not aversion > 0:
        raise NumericsError(f"the aversion to inequality must be positive, not {aversion:g}")
    p, r = relative_incomes(income, weights)
    if aversion == 1:
        return float(-np.expm1(p @ np.log(r)))
    return float(1 - (p @ r ** (1 - aversion)) ** (1 / (1 - aversion)))


def group_means(p: np.ndarray, r: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return population share and relative mean income of each group; p, r (N,), groups (N,) -> (G,)."""
    size = np.bincount(groups, p)
    return size, np.bincount(groups, p * r) / size


@dataclass(frozen=True, slots=True)
class DagumParts:
    """Dagum's parts of the Gini coefficient; gini = within + net_between + transvariation."""

    gini: float  # transvariation is the part from pairs in which the member of the poorer group has more
    within: float
    net_between: float
    transvariation: float


def decompose_gini(income: np.ndarray, weights: np.ndarray, groups: np.ndarray) -> DagumParts:
    """Split the Gini coefficient by groups that may overlap in income; income, weights (N,), groups (N,).

    Notes
    -----
    Dagum (1997). For groups j and h with mean_j >= mean_h, d is the mean of (y_j - y_h) where positive and q of
    (y_h - y_j) where positive; the gross difference d + q splits into d - q (net) and 2q (transvariation).
    """
    p, r = relative_incomes(income, weights)
    gaps = r[:, None] - r
    mass = np.outer(p, p)
    same = groups[:, None] == groups
    mean = group_means(p, r, groups)[1][groups]
    richer = (mean[:, None] > mean) | ((mean[:, None] == mean) & (groups[:, None] > groups))
    within = float((mass * np.abs(gaps))[same].sum() / 2)
    ahead, behind = (float((mass * np.maximum(side, 0.0))[richer & ~same].sum()) for side in (gaps, -gaps))
    return DagumParts(gini(income, weights), within, ahead - behind, 2 * behind)


def growth_contributions(start: np.ndarray, end: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each group adds to the growth of the total; start, end (N,), groups (N,) -> (G,)."""
    both = np.array([start, end], dtype=float)
    if not (np.isfinite(both) & (both > 0)).all():
        raise NumericsError("an output is missing, zero or negative")
    change = np.bincount(groups, both[1] - both[0])
    total = both.sum(axis=1)
    if abs(total[1] - total[0]) <= 1e-12 * total[0]:
        raise NumericsError("total output did not change")
    return change / (total[1] - total[0]), change / total[0]
