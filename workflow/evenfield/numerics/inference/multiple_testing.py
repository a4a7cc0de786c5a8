"""Several tests at once: Romano-Wolf step-down and sharpened q-values."""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError

TIE = 1e-9


class RomanoWolf(NamedTuple):
    """Adjusted p-values of a family of hypotheses."""

    # (S,) each hypothesis alone, and controlling the chance of any false rejection in
    # the family
    p_values: np.ndarray
    adjusted: np.ndarray
    draws: int  # B and S
    family: int


def romano_wolf(
    statistics: np.ndarray, null_statistics: np.ndarray, *, data_included: bool = False
) -> RomanoWolf:
    """Adjust the p-values of a family by Romano and Wolf's step-down; statistics (S,),
    null_statistics (B, S). The data count as one more draw unless they are included.

    Notes
    -----
    Romano and Wolf (2005, 2016), "Efficient computation of adjusted p-values for
    resampling-based stepdown multiple testing".
    """
    t = np.abs(np.asarray(statistics, float))
    draws = np.abs(np.asarray(null_statistics, float))
    if t.ndim != 1 or draws.ndim != 2 or draws.shape[1:] != t.shape or not draws.size:
        raise NumericsError(
            f"{t.shape} statistics do not fit draws of shape {draws.shape}"
        )
    if np.isnan(t).any() or np.isnan(draws).any():
        raise NumericsError("a test statistic is not a number")
    order = np.argsort(-t, kind="stable")
    added = 0 if data_included else 1
    alone = _shares(draws, t, added)
    largest_left = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    adjusted = np.empty_like(t)
    adjusted[order] = np.maximum.accumulate(_shares(largest_left, t[order], added))
    return RomanoWolf(alone, adjusted, len(draws), len(t))


def _shares(draws: np.ndarray, t: np.ndarray, added: int) -> np.ndarray:
    extreme = (draws >= t * (1 - TIE)).sum(axis=0)
    return np.asarray((added + extreme) / (added + len(draws)))


class SharpenedQ(NamedTuple):
    """q-values of a list of hypotheses."""

    p_values: np.ndarray  # (m,) as given
    q_values: (
        np.ndarray
    )  # (m,) two-stage sharpened (Benjamini, Krieger and Yekutieli 2006)


def sharpened_q(p_values: np.ndarray) -> SharpenedQ:
    """Return the smallest false discovery rate at which the two-stage procedure rejects
    each hypothesis.

    Notes
    -----
    At level q, with q' = q/(1 + q): step 1 rejects r_1 hypotheses by Benjamini-Hochberg
    at q'. If 0 < r_1 < m, step 2 rejects by Benjamini-Hochberg at q' m/(m - r_1). The
    rejection of hypothesis i begins at q' = min over r of max(s_r, a_i (m - r)/m), s_r
    the level at which step 1 rejects r and a_i the Benjamini-Hochberg value.
    """
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise NumericsError("q-values need a list of p-values between 0 and 1")
    m = len(p)
    order = np.argsort(p, kind="stable")
    starts = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    adjusted = np.empty(m)
    adjusted[order] = starts
    left = (m - np.arange(1, m + 1)) / m
    stage = np.maximum(starts, adjusted[:, None] * left).min(axis=1)
    sharpened = np.where(
        stage < 1, stage / np.maximum(1 - stage, np.finfo(float).eps), 1.0
    )
    return SharpenedQ(p, np.minimum(sharpened, 1.0))
