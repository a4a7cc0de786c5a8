"""Romano-Wolf step-down: p-values of a family that use how its test statistics move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

TIE = 1e-9


@dataclass(frozen=True)
class RomanoWolf:
    """Adjusted p-values of a family of hypotheses.

    Attributes
    ----------
    p_values, adjusted : ndarray, shape (S,)
        Each hypothesis alone, and controlling the chance of any false rejection in the family.
    draws, family : int
        B and S.
    factor : float
        One: no small-sample factor enters.
    factor_name : str
        ``"none"``.
    """

    p_values: np.ndarray
    adjusted: np.ndarray
    draws: int
    family: int
    factor: float = 1.0
    factor_name: str = "none"


def romano_wolf(statistics: np.ndarray, null_statistics: np.ndarray) -> RomanoWolf:
    """Adjust the p-values of a family by Romano and Wolf's step-down.

    Parameters
    ----------
    statistics : ndarray, shape (S,)
        Test statistics; large in absolute value speaks against the null.
    null_statistics : ndarray, shape (B, S)
        The same statistics under their nulls, row b from draw b for all hypotheses: one set of bootstrap weights or one
        list of permutations for the whole family. That is what makes the adjustment valid and sharp.

    Returns
    -------
    RomanoWolf
        In the order of ``statistics``. p = (1 + draws at least as extreme) / (1 + B); the j-th largest statistic is
        compared with the largest among itself and the smaller ones, and adjusted values never decrease on the way.

    Raises
    ------
    NumericsError
        If the shapes do not match or a statistic is not a number.

    Notes
    -----
    Romano and Wolf (2005, 2016), "Efficient computation of adjusted p-values for resampling-based stepdown multiple
    testing".
    """
    t, draws = np.abs(np.asarray(statistics, float)), np.abs(np.asarray(null_statistics, float))
    if t.ndim != 1 or draws.ndim != 2 or draws.shape[1:] != t.shape or not draws.size:
        raise NumericsError(f"{t.shape} statistics do not fit draws of shape {draws.shape}")
    if np.isnan(t).any() or np.isnan(draws).any():
        raise NumericsError("a test statistic is not a number")
    order = np.argsort(-t, kind="stable")
    alone = _shares(draws, t)
    largest_left = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    adjusted = np.empty_like(t)
    adjusted[order] = np.maximum.accumulate(_shares(largest_left, t[order]))
    return RomanoWolf(alone, adjusted, len(draws), len(t))


def _shares(draws: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.asarray((1 + (draws >= t * (1 - TIE)).sum(axis=0)) / (1 + len(draws)))
