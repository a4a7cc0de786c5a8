"""Inequality between units, Dagum's parts of it, and growth accounting; axis 0 is always the unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

THEIL_T, THEIL_L = "theil_t", "theil_l"


def relative_incomes(income: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of the weights and incomes relative to the weighted mean.

    Parameters
    ----------
    income : ndarray, shape (N,)
        Income per head.
    weights : ndarray, shape (N,)
        Population, or ones.

    Returns
    -------
    tuple of ndarray, shape (N,)
        p_i and r_i = y_i / sum_j p_j y_j.

    Raises
    ------
    NumericsError
        With fewer than two units, a gap, or a value that is not positive.
    """
    y, w = np.asarray(income, dtype=float), np.asarray(weights, dtype=float)
    if len(y) < 2 or y.shape != w.shape:
        raise NumericsError("inequality needs at least two units and one weight for each")
    bad = int((~(np.isfinite(y) & np.isfinite(w) & (y > 0) & (w > 0))).sum())
    if bad:
        raise NumericsError(f"{bad} incomes or weights are missing, zero or negative")
    p = w / w.sum()
    return p, y / (p @ y)


def theil(income: np.ndarray, weights: np.ndarray, measure: str = THEIL_T) -> float:
    """Return a Theil index.

    Parameters
    ----------
    income, weights : ndarray, shape (N,)
        Income per head and population.
    measure : str
        ``theil_t``: sum p r ln r, weighted by income; ``theil_l``: -sum p ln r, weighted by population.

    Returns
    -------
    float
        Zero when all incomes are equal (Theil 1967).

    Raises
    ------
    NumericsError
        As ``relative_incomes``.
    """
    p, r = relative_incomes(income, weights)
    return theil_of_shares(p, r, measure)


def theil_of_shares(p: np.ndarray, r: np.ndarray, measure: str) -> float:
    """Return a Theil index from shares and relative incomes.

    Parameters
    ----------
    p, r : ndarray, shape (N,)
        Population shares, and incomes relative to the mean.
    measure : str
        ``theil_t`` or ``theil_l``.

    Returns
    -------
    float

    Raises
    ------
    NumericsError
        If the measure is unknown.
    """
    if measure not in (THEIL_T, THEIL_L):
        raise NumericsError(f"a Theil index is {THEIL_T} or {THEIL_L}, not {measure!r}")
    return float(p @ (r * np.log(r))) if measure == THEIL_T else float(-(p @ np.log(r)))


def gini(income: np.ndarray, weights: np.ndarray) -> float:
    """Return the Gini coefficient, sum_ij p_i p_j |r_i - r_j| / 2.

    Parameters
    ----------
    income, weights : ndarray, shape (N,)
        Income per head and population.

    Returns
    -------
    float

    Raises
    ------
    NumericsError
        As ``relative_incomes``.
    """
    p, r = relative_incomes(income, weights)
    order = np.argsort(r, kind="stable")
    p, r = p[order], r[order]
    below = np.cumsum(p) - p / 2
    return float(2 * (p * r) @ below - 1)


def atkinson(income: np.ndarray, weights: np.ndarray, aversion: float = 1.0) -> float:
    """Return the Atkinson (1970) index.

    Parameters
    ----------
    income, weights : ndarray, shape (N,)
        Income per head and population.
    aversion : float
        Inequality aversion, above zero.

    Returns
    -------
    float
        1 - (sum p r^(1 - e))^(1/(1 - e)), and 1 - exp(sum p ln r) for e = 1.

    Raises
    ------
    NumericsError
        As ``relative_incomes``, or if the aversion is not positive.
    """
    if not aversion > 0:
        raise NumericsError(f"the aversion to inequality must be positive, not {aversion:g}")
    p, r = relative_incomes(income, weights)
    if aversion == 1:
        return float(-np.expm1(p @ np.log(r)))
    return float(1 - (p @ r ** (1 - aversion)) ** (1 / (1 - aversion)))


def group_means(p: np.ndarray, r: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return population share and relative mean income of each group.

    Parameters
    ----------
    p, r : ndarray, shape (N,)
        Shares and relative incomes.
    groups : ndarray of int, shape (N,)
        Codes from zero, every code in use.

    Returns
    -------
    tuple of ndarray, shape (G,)
    """
    size = np.bincount(groups, p)
    return size, np.bincount(groups, p * r) / size


@dataclass(frozen=True, slots=True)
class DagumParts:
    """Dagum's parts of the Gini coefficient; gini = within + net_between + transvariation.

    Attributes
    ----------
    gini, within, net_between, transvariation : float
        Transvariation is the part from pairs in which the member of the poorer group has more.
    """

    gini: float
    within: float
    net_between: float
    transvariation: float


def decompose_gini(income: np.ndarray, weights: np.ndarray, groups: np.ndarray) -> DagumParts:
    """Split the Gini coefficient by groups that may overlap in income.

    Parameters
    ----------
    income, weights : ndarray, shape (N,)
        Income per head and population.
    groups : ndarray of int, shape (N,)
        Codes from zero, every code in use.

    Returns
    -------
    DagumParts

    Raises
    ------
    NumericsError
        As ``relative_incomes``.

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
    """Return how much each group adds to the growth of the total.

    Parameters
    ----------
    start, end : ndarray, shape (N,)
        Output at constant prices in the first and last year.
    groups : ndarray of int, shape (N,)
        Codes from zero, every code in use.

    Returns
    -------
    tuple of ndarray, shape (G,)
        Share of the growth of total output, and the contribution to the growth factor less one.

    Raises
    ------
    NumericsError
        If a value is missing or not positive, or the total did not change.
    """
    both = np.array([start, end], dtype=float)
    if not (np.isfinite(both) & (both > 0)).all():
        raise NumericsError("an output is missing, zero or negative")
    change = np.bincount(groups, both[1] - both[0])
    total = both.sum(axis=1)
    if abs(total[1] - total[0]) <= 1e-12 * total[0]:
        raise NumericsError("total output did not change")
    return change / (total[1] - total[0]), change / total[0]
