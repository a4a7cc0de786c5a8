"""Association of two variables across a map: bivariate Moran, and join counts of a zero-one variable."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import two_sided_p

MOST_SUBSETS = 200_000


@dataclass(frozen=True, slots=True)
class PairTest:
    """A bivariate Moran with its permutation test."""

    statistic: float  # statistic, mean and standard deviation under permutation, two-sided p-value
    mean: float
    std_error: float
    p_value: float


def bivariate_moran_test(
    x: np.ndarray, y: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int
) -> PairTest:
    """Test whether a variable goes with another variable of the neighbours; x, y (N,), W (N, N)."""
    x, y = (np.asarray(v, dtype=float) - np.mean(v) for v in (x, y))
    scale = np.sqrt((x @ x) * (y @ y))
    if scale <= 0 or W.sum() <= 0:
        raise NumericsError("a variable is constant or the weights hold no link")
    side, observed = W.T @ x / scale, float(x @ W @ y / scale)
    order = np.argsort(rng.random((permutations, len(y))), axis=1, kind="stable")
    drawn = y[order] @ side
    p_value = float(two_sided_p(drawn, np.array(observed)))
    return PairTest(observed, float(drawn.mean()), float(drawn.std(ddof=1)), p_value)


@dataclass(frozen=True, slots=True)
class JoinCounts:
    """Links between marked units, with their permutation distribution."""

    both: int  # links of two marked units, of one, of none
    one: int
    neither: int
    expected: float  # mean number of links of two marked units when the marks are placed at random
    p_value: float  # probability of at least ``both`` such links
    subsets: int  # placements it rests on
    exact: bool  # whether all placements were counted


def join_counts(marked: np.ndarray, W: np.ndarray, rng: np.random.Generator, permutations: int) -> JoinCounts:
    """Count links between marked units and compare with all placements of as many marks; marked (N,), W (N, N).

    Notes
    -----
    Cliff and Ord (1981), non-free sampling. Expected: links k (k-1) / (N (N-1)).
    """
    marks = np.asarray(marked, dtype=float)
    n, k = len(marks), int(marks.sum())
    if not np.isin(marks, (0.0, 1.0)).all() or not 0 < k < n:
        raise NumericsError(f"{k} of {n} units are marked, join counts need some and not all")
    links = ((W > 0) | (W.T > 0)).astype(float)
    total, both = int(links.sum()) // 2, int(marks @ links @ marks) // 2
    touched = int(marks @ links @ (1 - marks))
    counts, exact = _placements(links, k, rng, permutations)
    hits = int((counts >= both).sum())
    p_value = hits / len(counts) if exact else (1 + hits) / (1 + len(counts))
    expected = total * k * (k - 1) / (n * (n - 1))
    return JoinCounts(both, touched, total - both - touched, expected, p_value, len(counts), exact)


def _placements(links: np.ndarray, k: int, rng: np.random.Generator, permutations: int) -> tuple[np.ndarray, bool]:
    n = len(links)
    if comb(n, k) <= MOST_SUBSETS:
        sets = np.array(list(combinations(range(n), k)))
        return _linked_pairs(links, sets), True
    sets = np.argsort(rng.random((permutations, n)), axis=1, kind="stable")[:, :k]
    return _linked_pairs(links, sets), False


def _linked_pairs(links: np.ndarray, sets: np.ndarray) -> np.ndarray:
    pairs = combinations(range(sets.shape[1]), 2)
    return np.asarray(sum((links[sets[:, a], sets[:, b]] for a, b in pairs), np.zeros(len(sets))))
