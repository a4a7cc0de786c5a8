"""One to three treated units: how their effects rank among the placebo effects of the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from evenfield.numerics.errors import NumericsError

MOST_TREATED = 3
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class RankPlacebo:
    """Exact rank test of the effects of a few treated units."""

    estimate: float  # mean effect of the treated minus mean effect of the others
    ranks: tuple[float, ...]  # rank of each treated unit among all, 1 the smallest; ties share their mean rank
    treated: tuple[str, ...]  # names, in the order of ``ranks``
    p_value: float  # two-sided: share of all sets of as many units whose mean rank lies at least as far from the middle
    smallest_p: float  # the smallest value that the p-value can take here
    distinct: int  # number of sets; N
    units: int
    factor: float  # one: no small-sample factor enters
    factor_name: str  # ``"none"``


def rank_placebo(effects: np.ndarray, units: np.ndarray, treated: np.ndarray) -> RankPlacebo:
    """Rank the effects of one to three treated units among those of all units.

    Notes
    -----
    Dube and Zipperer (2015), mean percentile rank; here its distribution is enumerated. Ranks keep one wild untreated
    unit from deciding, but like every permutation they need units that are exchangeable.
    """
    effects, units, treated = np.asarray(effects, float), np.asarray(units), np.asarray(treated, bool)
    if not effects.shape == units.shape == treated.shape or not np.isfinite(effects).all():
        raise NumericsError("rank placebos need one finite effect, name and treatment mark for each unit")
    n, m = len(units), int(treated.sum())
    if not 1 <= m <= MOST_TREATED or n - m <= m:
        raise NumericsError(f"rank placebos are for one to three treated units among more, not {m} of {n}")
    ranks = _mid_ranks(effects)
    order = np.flatnonzero(treated)[np.argsort(units[treated])]
    gaps = np.abs([sum(chosen) / m - (n + 1) / 2 for chosen in combinations(ranks.tolist(), m)])
    observed = abs(ranks[order].mean() - (n + 1) / 2)
    return RankPlacebo(
        estimate=float(effects[treated].mean() - effects[~treated].mean()),
        ranks=tuple(ranks[order].tolist()),
        treated=tuple(str(unit) for unit in units[order]),
        p_value=float((gaps >= observed - TIE).mean()),
        smallest_p=float((gaps >= gaps.max() - TIE).mean()),
        distinct=comb(n, m),
        units=n,
        factor=1.0,
        factor_name="none",
    )


def _mid_ranks(values: np.ndarray) -> np.ndarray:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[group])
