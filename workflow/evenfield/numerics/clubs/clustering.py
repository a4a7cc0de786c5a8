"""The clustering algorithm of Phillips and Sul."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.clubs.groups import Club, Clubs, GroupTests, group_tests
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import CRITICAL_VALUE

FIRST_BLOCK = 16
LARGEST_BLOCK = 256


@dataclass(frozen=True, slots=True)
class SieveRule:
    """How candidates join a core."""

    start: float = 0.0  # candidates need t > c*, here first; zero for short samples (Phillips and Sul 2007)
    step: float = 0.1  # c* is raised by it while the club fails its own test
    cap: float = 50.0  # largest c*


DEFAULT_SIEVE = SieveRule()


def find_clubs(
    x: np.ndarray,
    periods: np.ndarray,
    *,
    variance: str = "fqsb",
    sort_share: float = 0.0,
    sieve: SieveRule = DEFAULT_SIEVE,
    critical: float = CRITICAL_VALUE,
) -> Clubs:
    """Sort units into convergence clubs; x (N, T), periods (n,).

    Notes
    -----
    Phillips and Sul (2007), section 4, and (2009): sort by final income, find the first neighbours that
    converge, let the core be the prefix with the largest t as long as every t is above the critical value, add
    every unit whose t with the core is above c*, and start again with the others. When the others converge
    together they are the last club; when no two neighbours converge they diverge. A group without dispersion
    in some period (identical units) has no t and counts as not converging.
    """
    tests = group_tests(x, periods, variance, critical)
    if sieve.step < 0 or sieve.cap < sieve.start or not 0 <= sort_share <= 1:
        raise NumericsError("the sieve needs a step of zero or more and a cap above its start; a share lies in [0, 1]")
    left = _sorted_rows(np.asarray(x, dtype=float), sort_share)
    found: list[Club] = []
    while len(left) > 1:
        rest = tests.club(left)
        if rest.converges:
            return Clubs((*found, rest), ())
        core = core_of(tests, left)
        if not len(core):
            break
        found.append(_sieved(tests, core, left[~np.isin(left, core)], sieve))
        left = left[~np.isin(left, found[-1].members)]
    return Clubs(tuple(found), tuple(sorted(left.tolist())))


def _sorted_rows(x: np.ndarray, share: float) -> np.ndarray:
    count = max(1, round(share * x.shape[1]))
    return np.argsort(-x[:, -count:].mean(axis=1), kind="stable")


def core_of(tests: GroupTests, order: np.ndarray) -> np.ndarray:
    """Return the core of the next club."""
    start = _first_pair(tests, order)
    if start < 0:
        return order[:0]
    order = order[start:]
    values: list[float] = []
    size, block = 2, FIRST_BLOCK
    while size <= len(order):
        last = min(size + block - 1, len(order))
        t = tests.prefixes(order, size, last) if size == 2 else tests.prefixes(order, 2, last)[size - 2 :]
        failing = np.flatnonzero(~(t > tests.critical))
        values += t[: failing[0] if len(failing) else len(t)].tolist()
        if len(failing):
            break
        size, block = last + 1, min(2 * block, LARGEST_BLOCK)
    return order[: int(np.argmax(values)) + 2]


def _first_pair(tests: GroupTests, order: np.ndarray) -> int:
    block, first = FIRST_BLOCK, 0
    while first < len(order) - 1:
        passing = np.flatnonzero(tests.pairs(order[first : first + block + 1]) > tests.critical)
        if len(passing):
            return first + int(passing[0])
        first, block = first + block, min(2 * block, LARGEST_BLOCK)
    return -1


def _sieved(tests: GroupTests, core: np.ndarray, others: np.ndarray, rule: SieveRule) -> Club:
    if not len(others):
        return tests.club(core, rule.start)
    t = tests.additions(core, others)
    club = tests.club(np.concatenate([core, others[t > rule.start]]), rule.start)
    if club.converges or rule.step == 0:
        return club
    ranked = others[np.argsort(-t, kind="stable")]
    levels = rule.start + rule.step * np.arange(1, round((rule.cap - rule.start) / rule.step) + 1)
    sizes = np.array([int((t > level).sum()) for level in levels], dtype=int)
    largest = max(int(sizes.max(initial=0)), 1)
    together = tests.prefixes(np.concatenate([core, ranked]), len(core), len(core) + largest)
    passing = np.flatnonzero(together[sizes] > tests.critical)
    if not len(passing):
        return tests.club(core, rule.cap)
    level = int(passing[0])
    return tests.club(np.concatenate([core, ranked[: sizes[level]]]), float(levels[level]))
