"""How firm is an inequality number: permuted labels, units left out, units redrawn, figures revised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from evenfield.numerics.connected_sets import connected_sets
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import THEIL_T, relative_incomes

CHUNK = 2000
TIE = 1e-12
MOST_SETS = 50_000


@dataclass(frozen=True, slots=True)
class ShareTest:
    """Whether a grouping explains more of inequality than another one of the same sizes."""

    between: float  # inequality between the groups
    expected: float  # its mean over the draws
    p_value: float  # share of draws at least as large, the observed one counted
    draws: int  # permutations, or connected sets


def between_test(
    income: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    *,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> ShareTest:
    """Test the inequality between groups by permuting their labels over the units."""
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, groups[None], measure)[0])
    above, total = 0, 0.0
    for first in range(0, draws, CHUNK):
        shape = min(CHUNK, draws - first), len(p)
        drawn = _between(p, r, rng.permuted(np.broadcast_to(groups, shape), axis=1), measure)
        above += int((drawn >= seen - TIE).sum())
        total += float(drawn.sum())
    return ShareTest(seen, total / max(draws, 1), (1 + above) / (1 + draws), draws)


def _between(p: np.ndarray, r: np.ndarray, labels: np.ndarray, measure: str) -> np.ndarray:
    both = np.column_stack([p, p * r])
    out = np.zeros(len(labels))
    for group in range(int(labels.max()) + 1):
        size, income = ((labels == group).astype(float) @ both).T
        logs = np.log(income / size)
        out += income * logs if measure == THEIL_T else -size * logs
    return out


def connected_test(
    income: np.ndarray, weights: np.ndarray, inside: np.ndarray, neighbours: np.ndarray, measure: str = THEIL_T
) -> ShareTest:
    """Test the inequality between a connected group and the rest over all connected groups of its size.

    Notes
    -----
    Neighbours resemble each other, so that a compact group differs from the rest more than scattered units do;
    only other compact groups are a fair comparison.
    """
    inside = np.asarray(inside, dtype=bool)
    size = int(inside.sum())
    if not 0 < size < len(inside):
        raise NumericsError("the group is empty or holds every unit")
    within = csr_array(np.asarray(neighbours, dtype=bool)[np.ix_(inside, inside)])
    if connected_components(within, directed=False)[0] > 1:
        raise NumericsError("the group is not connected")
    sets = connected_sets(neighbours, size, MOST_SETS)
    codes = np.zeros((len(sets), len(inside)), dtype=int)
    np.put_along_axis(codes, sets, 1, axis=1)
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, inside[None].astype(int), measure)[0])
    drawn = _between(p, r, codes, measure)
    return ShareTest(seen, float(drawn.mean()), float((drawn >= seen - TIE).mean()), len(sets))


def leave_one_out_theil(income: np.ndarray, weights: np.ndarray, measure: str = THEIL_T) -> np.ndarray:
    """Return the Theil index of the other units for each unit left out; income, weights (N,) -> (N,)."""
    if len(income) < 3:
        raise NumericsError(f"{len(income)} units: leaving one out needs at least three")
    p, r = relative_incomes(income, weights)
    return reweighted_theil(p, r, 1.0 - np.eye(len(p)), measure)


def reweighted_theil(p: np.ndarray, r: np.ndarray, times: np.ndarray, measure: str = THEIL_T) -> np.ndarray:
    """Return the Theil index when units count several times or not at all; p, r (N,), times (B, N) -> (B,)."""
    terms = p * r * np.log(r) if measure == THEIL_T else -p * np.log(r)
    size, income, entropy = (times @ np.column_stack([p, p * r, terms])).T
    level = np.log(income / size)
    return np.asarray(entropy / income - level if measure == THEIL_T else entropy / size + level)


def redrawn_theil(
    income: np.ndarray, weights: np.ndarray, *, rng: np.random.Generator, draws: int, measure: str = THEIL_T
) -> np.ndarray:
    """Return the Theil index over samples of units drawn with replacement; income, weights (N,) -> (draws,)."""
    p, r = relative_incomes(income, weights)
    times = rng.multinomial(len(p), np.full(len(p), 1 / len(p)), size=draws).astype(float)
    return reweighted_theil(p, r, times, measure)


def revised_theil(
    income: np.ndarray,
    weights: np.ndarray,
    *,
    sd_income: float,
    sd_weights: float,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> np.ndarray:
    """Return the Theil index under revisions of the figures; income, weights (N,) -> (draws,)."""
    output = np.asarray(income) * weights * np.exp(sd_income * rng.standard_normal((draws, len(income))))
    people = np.asarray(weights) * np.exp(sd_weights * rng.standard_normal((draws, len(income))))
    p = people / people.sum(axis=1, keepdims=True)
    s = output / output.sum(axis=1, keepdims=True)
    first = s if measure == THEIL_T else -p
    return np.asarray((first * np.log(s / p)).sum(axis=1))
