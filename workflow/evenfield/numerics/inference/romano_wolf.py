"""Romano-Wolf step-down: p-values of a family that use how its test statistics move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

TIE = 1e-9


@dataclass(frozen=True)
class RomanoWolf:
    """Adjusted p-values of a family of hypotheses."""

    p_values: np.ndarray  # (S,) each hypothesis alone, and controlling the chance of any false rejection in the family
    adjusted: np.ndarray
    draws: int  # B and S
    family: int
    factor: float = 1.0  # one: no small-sample factor enters
    factor_name: str = "none"  # ``"none"``


def romano_wolf(statistics: np.ndarray, null_statistics: np.ndarray) -> RomanoWolf:
    """Adjust the p-values of a family by Romano and Wolf's step-down; statistics (S,), null_statistics (B, S).

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
