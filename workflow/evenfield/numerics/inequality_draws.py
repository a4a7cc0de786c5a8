"""What chance alone does to a Theil index: labels permuted, units redrawn, left out or
revised, and connected groups of the same size.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inequality import THEIL_T, relative_incomes
from evenfield.numerics.spatial import Weights, connected_sets, hangs_together

TIE = 1e-12  # indices that differ by less are the same
CELLS_AT_ONCE = 1 << 22
MOST_SETS = 50_000


class ShareTest(NamedTuple):
    """Whether a grouping explains more of inequality than another one of the same
    sizes.
    """

    between: float  # inequality between the groups
    expected: float  # its mean over the draws
    p_value: float  # share of draws at least as large, the observed one counted
    draws: int  # permutations, or connected sets


def between_test(
    income: Array,
    weights: Array,
    groups: np.ndarray,
    *,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> ShareTest:
    """Test the inequality between groups by permuting their labels over the units."""
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, groups[None], measure)[0])
    above = 0
    total = 0.0
    at_once = max(1, CELLS_AT_ONCE // len(p))
    for orders in blocks(draws, at_once):
        labels = np.broadcast_to(groups, (orders, len(p)))
        drawn = _between(p, r, rng.permuted(labels, axis=1), measure)
        above += int((drawn >= seen - TIE).sum())
        total += float(drawn.sum())
    return ShareTest(
        between=seen,
        expected=total / max(draws, 1),
        p_value=(1 + above) / (1 + draws),
        draws=draws,
    )


def _between(p: Array, r: Array, labels: np.ndarray, measure: str) -> Array:
    """Return the inequality between the groups of each draw of labels; (B, N) -> (B,)."""
    draws = len(labels)
    groups = int(labels.max()) + 1
    # A cell of its own for each draw and group.
    cells = (labels + groups * np.arange(draws)[:, None]).ravel()
    sums = [
        np.bincount(cells, np.tile(values, draws), draws * groups)
        for values in (p, p * r)
    ]
    size, income = (total.reshape(draws, groups) for total in sums)
    logs = np.log(income / size)
    parts = income * logs if measure == THEIL_T else -size * logs
    return np.asarray(parts.sum(axis=1))


def connected_test(
    income: Array,
    weights: Array,
    inside: np.ndarray,
    neighbours: Weights,
    measure: str = THEIL_T,
) -> ShareTest:
    """Test the inequality between a connected group and the rest over all connected
    groups of its size.

    Notes
    -----
    Neighbours resemble each other, so that a compact group differs from the rest more
    than scattered units do; only other compact groups are a fair comparison.
    """
    inside = np.asarray(inside, dtype=bool)
    size = int(inside.sum())
    if not 0 < size < len(inside):
        raise NumericsError("the group is empty or holds every unit")
    if not hangs_together(np.flatnonzero(inside), neighbours):
        raise NumericsError("the group is not connected")
    sets = connected_sets(neighbours, size, MOST_SETS)
    codes = np.zeros((len(sets), len(inside)), dtype=int)
    np.put_along_axis(codes, sets, 1, axis=1)
    p, r = relative_incomes(income, weights)
    seen = float(_between(p, r, inside[None].astype(int), measure)[0])
    drawn = _between(p, r, codes, measure)
    return ShareTest(
        between=seen,
        expected=float(drawn.mean()),
        p_value=float((drawn >= seen - TIE).mean()),
        draws=len(sets),
    )


def leave_one_out_theil(income: Array, weights: Array, measure: str = THEIL_T) -> Array:
    """Return the Theil index of the other units for each unit left out; income, weights
    (N,) -> (N,).
    """
    if len(income) < 3:
        raise NumericsError(
            f"{counted(len(income), 'unit')}: leaving one out needs at least three"
        )
    p, r = relative_incomes(income, weights)
    sums = _theil_terms(p, r, measure)
    return _theil_of_sums(sums.sum(axis=0) - sums, measure)


def _theil_terms(p: Array, r: Array, measure: str) -> Array:
    """Return what adds up over units: population, income and entropy, (N, 3)."""
    entropy = p * r * np.log(r) if measure == THEIL_T else -p * np.log(r)
    return np.column_stack([p, p * r, entropy])


def _theil_of_sums(sums: Array, measure: str) -> Array:
    """Return Theil indices from sums over units of population, income and entropy, (B,
    3) -> (B,).
    """
    size, income, entropy = sums.T
    level = np.log(income / size)
    if measure == THEIL_T:
        return np.asarray(entropy / income - level)
    return np.asarray(entropy / size + level)


def reweighted_theil(
    p: Array, r: Array, times: np.ndarray, measure: str = THEIL_T
) -> Array:
    """Return the Theil index when units count several times or not at all; p, r (N,),
    times (B, N) -> (B,).
    """
    # Sums of a redrawn sample are products with times.
    return _theil_of_sums(times @ _theil_terms(p, r, measure), measure)


def redrawn_theil(
    income: Array,
    weights: Array,
    *,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> Array:
    """Return the Theil index over samples of units drawn with replacement; income,
    weights (N,) -> (draws,).
    """
    p, r = relative_incomes(income, weights)
    n = len(p)
    times = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return reweighted_theil(p, r, times.astype(float), measure)


def revised_theil(
    income: Array,
    weights: Array,
    *,
    sd_income: float,
    sd_weights: float,
    rng: np.random.Generator,
    draws: int,
    measure: str = THEIL_T,
) -> Array:
    """Return the Theil index under revisions of the figures; income, weights (N,) ->
    (draws,).
    """
    # Errors multiply: figures of a large unit are revised by as many percent.
    shape = (draws, len(income))
    output = income * weights * np.exp(sd_income * rng.standard_normal(shape))
    people = weights * np.exp(sd_weights * rng.standard_normal(shape))
    p = people / people.sum(axis=1, keepdims=True)
    s = output / output.sum(axis=1, keepdims=True)
    first = s if measure == THEIL_T else -p
    return np.asarray((first * np.log(s / p)).sum(axis=1))
