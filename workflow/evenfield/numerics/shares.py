"""Two shares against each other: Fisher's exact test, Newcombe's interval, what the exact test could see."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.optimize import brentq
from scipy.stats import fisher_exact, hypergeom, nchypergeom_fisher

from evenfield.numerics.errors import NumericsError

LARGEST_LOG_ODDS = 25.0
TIE = 1e-7


@dataclass(frozen=True, slots=True)
class ShareTest:
    """A difference of two shares with its exact test."""

    difference: float  # share of marked units inside minus outside
    conf_low: float  # newcombe's score interval
    conf_high: float
    p_value: float  # fisher's exact test, two-sided
    inside: int  # marked units inside and outside
    outside: int
    mde: float  # smallest difference that the test sees with the given power; NaN when none is large enough


def share_test(marked: np.ndarray, inside: np.ndarray, level: float = 0.95, power: float = 0.8) -> ShareTest:
    """Compare the share of marked units inside a region with the share outside; marked, inside (N,).

    Notes
    -----
    Fisher (1935): given both margins the number inside is hypergeometric, so the test is the permutation of marks over
    units, counted out. Two-sided: all tables no more likely than the observed one. Interval: Newcombe (1998).
    """
    marked, inside = np.asarray(marked, dtype=bool), np.asarray(inside, dtype=bool)
    n, k, size = len(marked), int(marked.sum()), int(inside.sum())
    if not 0 < k < n or not 0 < size < n:
        raise NumericsError(f"{k} of {n} units are marked and {size} are inside, both must be some and not all")
    held, rest = int((marked & inside).sum()), n - size
    table = np.array([[held, size - held], [k - held, rest - k + held]])
    p_value = float(fisher_exact(table).pvalue)
    low, high = newcombe_interval((held, size), (k - held, rest), level)
    mde = _smallest_difference((n, k, size), 1 - level, power)
    return ShareTest(held / size - (k - held) / rest, low, high, min(1.0, p_value), held, k - held, mde)


def newcombe_interval(first: tuple[int, int], second: tuple[int, int], level: float) -> tuple[float, float]:
    """Return the score interval of a difference of two independent shares.

    Notes
    -----
    Newcombe (1998), method 10: with Wilson's limits (l, u) of each share p,
    p1 - p2 - sqrt((p1 - l1)^2 + (u2 - p2)^2) and p1 - p2 + sqrt((u1 - p1)^2 + (p2 - l2)^2).
    """
    p1, p2 = first[0] / first[1], second[0] / second[1]
    (l1, u1), (l2, u2) = _wilson(p1, first[1], level), _wilson(p2, second[1], level)
    return p1 - p2 - float(np.hypot(p1 - l1, u2 - p2)), p1 - p2 + float(np.hypot(u1 - p1, p2 - l2))


def _wilson(p: float, n: int, level: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return float((centre - half) / (1 + z**2 / n)), float((centre + half) / (1 + z**2 / n))


def _smallest_difference(margins: tuple[int, int, int], size_of_test: float, power: float) -> float:
    n, k, size = margins
    counts = np.arange(max(0, k + size - n), min(k, size) + 1)
    chances = hypergeom.pmf(counts, n, k, size)
    tail = np.array([chances[chances <= chance * (1 + TIE)].sum() for chance in chances])
    upper = counts[(tail <= size_of_test) & (counts > k * size / n)]

    def missing(log_odds: float) -> float:
        return float(nchypergeom_fisher.pmf(upper, n, k, size, np.exp(log_odds)).sum()) - power

    if not len(upper) or missing(LARGEST_LOG_ODDS) < 0:
        return float("nan")
    odds = np.exp(brentq(missing, 0.0, LARGEST_LOG_ODDS))
    expected = float((counts * nchypergeom_fisher.pmf(counts, n, k, size, odds)).sum())
    return expected / size - (k - expected) / (n - size)
