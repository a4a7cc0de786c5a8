"""Whether a policy went to whole groups of units rather than to units one by one."""

import numpy as np
from scipy.special import fdtrc

from evenfield.numerics.arrays import Array
from evenfield.numerics.ols import NOT_IDENTIFIED

BANDS = 4  # of latitude, each cut into as many blocks by longitude


def concentration_p(first: np.ndarray, groups: np.ndarray, within: np.ndarray) -> float:
    """Return the p-value of units of a group getting the policy no more alike in time
    than others of their codes of ``within``; first dates, codes (N,).

    Notes
    -----
    Analysis of variance of the ranks of first dates, never the last one (Kruskal and
    Wallis 1952, with the law F): what cells of group and within add to within alone.
    """
    from scipy.stats import rankdata

    ranks = rankdata(first)
    codes = np.unique(np.column_stack([within, groups]), axis=0, return_inverse=True)[1]
    cells = codes.ravel()
    beside = ranks - _means(ranks, within)
    inside = beside - _means(beside, cells)
    total = float(beside @ beside)
    unexplained = float(inside @ inside)
    count = int(cells.max()) + 1
    df = count - len(np.unique(within))
    df_rest = len(first) - count
    nothing = NOT_IDENTIFIED * float(ranks @ ranks)
    if df < 1 or df_rest < 1 or total <= nothing:
        return float("nan")
    if unexplained <= nothing:  # every cell has one date
        return 0.0
    F = (total - unexplained) / df / (unexplained / df_rest)
    return float(fdtrc(df, df_rest, F))


def _means(values: Array, codes: np.ndarray) -> Array:
    """Return the mean of the group of each unit, (N,)."""
    codes = np.unique(codes, return_inverse=True)[1]
    return np.asarray((np.bincount(codes, values) / np.bincount(codes))[codes])


def blocks(lat: Array, lon: Array) -> np.ndarray:
    """Return codes of blocks of neighbours with about as many units each, (N,)."""
    band = _equal_parts(lat)
    codes = np.zeros(len(lat), dtype=int)
    for k in range(BANDS):
        own = band == k
        codes[own] = k * BANDS + _equal_parts(lon[own])
    return codes


def _equal_parts(values: Array) -> np.ndarray:
    """Cut values into parts of about the same number; equal ones stay together."""
    from scipy.stats import rankdata

    ranks = rankdata(values, method="min") - 1
    return np.asarray((ranks * BANDS // max(len(values), 1)).astype(int))
