"""Sharpened q-values: the false discovery rate at which each hypothesis of an exploratory list is rejected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError


@dataclass(frozen=True)
class SharpenedQ:
    """q-values of a list of hypotheses."""

    p_values: np.ndarray  # (m,) as given
    q_values: np.ndarray  # (m,) two-stage sharpened (Benjamini, Krieger and Yekutieli 2006)
    q_values_bh: np.ndarray  # (m,) benjamini and Hochberg (1995), for comparison
    factor: float = 1.0  # one: no small-sample factor enters
    factor_name: str = "none"  # ``"none"``


def sharpened_q(p_values: np.ndarray) -> SharpenedQ:
    """Return the smallest false discovery rate at which the two-stage procedure rejects each hypothesis.

    Notes
    -----
    At level q, with q' = q/(1 + q): step 1 rejects r_1 hypotheses by Benjamini-Hochberg at q'. If 0 < r_1 < m, step 2
    rejects by Benjamini-Hochberg at q' m/(m - r_1). The rejection of hypothesis i begins at q' = min over r of
    max(s_r, a_i (m - r)/m), s_r the level at which step 1 rejects r and a_i the Benjamini-Hochberg value.
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
    sharpened = np.where(stage < 1, stage / np.maximum(1 - stage, np.finfo(float).eps), 1.0)
    return SharpenedQ(p, np.minimum(sharpened, 1.0), np.minimum(adjusted, 1.0))
