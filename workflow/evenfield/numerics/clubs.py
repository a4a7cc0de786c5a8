"""Convergence clubs of Phillips and Sul: core groups, clustering, merging.

A club is a group whose log t regression does not reject convergence. Many groups are
tested on the way, so that neighbours, prefixes and additions are each tested at once, from
sums that accumulate along an order.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import CRITICAL_VALUE, LogtFit, fit_logt_used


class Club(NamedTuple):
    """A group of units and its own log t test."""

    members: tuple[int, ...]  # rows of the data, sorted
    b: float  # its log t regression
    std_error: float
    t: float
    # the c* with which its members were chosen; NaN for a group that was tested whole
    # or merged
    sieve: float
    # whether t is above the critical value; a club without is flagged, not hidden
    converges: bool
    # positions of the clubs that were joined, empty before merging
    merged_from: tuple[int, ...] = ()


class Clubs(NamedTuple):
    """Clubs in the order found, richest first, and the units of no club."""

    clubs: tuple[Club, ...]
    divergent: tuple[int, ...]  # rows that join no club

    def labels(self, n: int) -> np.ndarray:
        """Return the club of each unit; shape (n,)."""
        out = np.zeros(n, dtype=int)
        for number, club in enumerate(self.clubs, start=1):
            out[list(club.members)] = number
        return out


class GroupTests(NamedTuple):
    """The data of the log t tests, cut to the periods that they use."""

    # (N, 1 + n) trends of the first period and of the periods of the regression, all
    # positive
    used: Array
    periods: np.ndarray  # (n,) periods of the regression
    variance: str = "fqsb"  # long-run variance, see ``fit_logt``

    def group(self, members: np.ndarray) -> LogtFit:
        """Test one group; members (k,)."""
        x = self.used[members]
        mean = x.mean(axis=0)
        # H_t, the mean square of x_it / mean_t - 1
        dispersion = np.mean((x - mean) ** 2, axis=0) / mean**2
        return self._fit(dispersion[None])

    def pairs(self, order: np.ndarray) -> Array:
        """Test neighbours in an order; order (k,) -> (k - 1,)."""
        one = self.used[order[:-1]]
        other = self.used[order[1:]]
        return self._fit(((one - other) / (one + other)) ** 2).t

    def prefixes(
        self, order: np.ndarray, first: int, last: int, smallest: int
    ) -> Array:
        """Test groups of the first units of an order, from ``smallest`` to ``last`` of
        them; order (k,) -> (last - smallest + 1,).

        Notes
        -----
        Sums of x - c and (x - c)^2 accumulate along the order; c is the mean path of
        the first ``first`` units, so that nothing is lost when a tight group lies far
        from zero.
        """
        x = self.used[order[:last]]
        centre = x[:first].mean(axis=0)
        x = x - centre
        sums = _accumulated(x, first)
        squares = _accumulated(x**2, first)
        sizes = np.arange(first, last + 1)[:, None]
        dispersion = _dispersion(sums, squares, sizes, centre)
        return self._fit(dispersion[smallest - first :]).t

    def additions(self, core: np.ndarray, candidates: np.ndarray) -> Array:
        """Test a core with one candidate added, for each candidate; shape (number of
        candidates,).
        """
        x = self.used[core]
        centre = x.mean(axis=0)
        squares = np.sum((x - centre) ** 2, axis=0)
        away = self.used[candidates] - centre
        # The sum of the core about its own mean is zero: what a candidate adds is left.
        size = np.array(len(core) + 1)
        return self._fit(_dispersion(away, squares + away**2, size, centre)).t

    def club(
        self,
        members: np.ndarray,
        sieve: float = np.nan,
        merged_from: tuple[int, ...] = (),
    ) -> Club:
        """Return a group with its own test."""
        rows = np.sort(members)
        fit = self.group(rows)
        t = float(fit.t[0])
        return Club(
            members=tuple(rows.tolist()),
            b=float(fit.b[0]),
            std_error=float(fit.std_error[0]),
            t=t,
            sieve=sieve,
            converges=t > CRITICAL_VALUE,
            merged_from=merged_from,
        )

    def _fit(self, used: Array) -> LogtFit:
        return fit_logt_used(used, self.periods, self.variance)


def group_tests(x: Array, periods: np.ndarray, variance: str) -> GroupTests:
    """Check the trends and keep the periods that the tests use; x (N, T), periods (n,)."""
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or len(x) < 2:
        raise NumericsError("clubs need at least two units")
    if not (np.isfinite(x) & (x > 0)).all():
        raise NumericsError(
            "a trend has a gap or is not positive, the tests of some groups would not"
            " be defined"
        )
    used = np.ascontiguousarray(x[:, [0, *(periods - 1)]])
    return GroupTests(used, periods, variance)


def _accumulated(x: Array, first: int) -> Array:
    head = x[:first].sum(axis=0)
    return np.cumsum(np.vstack([head[None], x[first:]]), axis=0)


def _dispersion(sums: Array, squares: Array, sizes: np.ndarray, centre: Array) -> Array:
    mean = sums / sizes
    variance = np.maximum(squares / sizes - mean**2, 0.0)
    return np.asarray(variance / (centre + mean) ** 2)


def shared_membership(labels: Sequence[Array]) -> Array:
    """Return the share of clusterings in which two units share a club; labels (N,) ->
    (N, N).
    """
    units = len(labels[0])
    together = np.zeros((units, units))
    for codes in labels:
        # Label 0 marks the units of no club.
        together += (codes[:, None] == codes) & (codes[:, None] > 0)
    together /= len(labels)
    np.fill_diagonal(together, 1.0)
    return together


def core_stability(variants: Sequence[np.ndarray], labels: np.ndarray) -> Array:
    """Return how firmly each unit sits in its club; labels of each clustering and of the
    clubs, (N,) -> (N,).

    Notes
    -----
    The mean over the others of the club of the share of clusterings in which unit and
    other share a club: counted by pairs of labels, so that no (N, N) table is needed.
    """
    shared = np.mean([_others(labels, codes) for codes in variants], axis=0)
    return quotient(shared, _others(labels, labels))


def _others(labels: np.ndarray, codes: np.ndarray) -> Array:
    """Count the others with the same two labels as each unit; none of a unit without a
    club; (N,), (N,) -> (N,).
    """
    pairs = np.column_stack([labels, codes])
    _, place, size = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return np.where((labels > 0) & (codes > 0), size[place] - 1.0, 0.0)


# Groups are tested some at once, fewer of long series; blocks double as long as all
# converge.
FIRST_BLOCK = 16
LARGEST_BLOCK = 256
NUMBERS_AT_ONCE = 5_000  # groups of a first block times periods


class SieveRule(NamedTuple):
    """How candidates join a core."""

    # candidates need t > c*, here first; zero for short samples (Phillips and Sul 2007)
    start: float = 0.0
    step: float = 0.1  # c* is raised by it while the club fails its own test
    cap: float = 50.0  # largest c*


DEFAULT_SIEVE = SieveRule()


def find_clubs(
    x: Array,
    periods: np.ndarray,
    *,
    variance: str = "fqsb",
    sort_share: float = 0.0,
    sieve: SieveRule = DEFAULT_SIEVE,
) -> Clubs:
    """Sort units into convergence clubs; x (N, T), periods (n,).

    Notes
    -----
    Phillips and Sul (2007), section 4, and (2009): sort by final income, find the first
    neighbours that converge, let the core be the prefix with the largest t as long as
    every t is above the critical value, add every unit whose t with the core is above
    c*, and start again with the others. When the others converge together they are the
    last club; when no two neighbours converge they diverge. A group without dispersion
    in some period (identical units) has no t and counts as not converging.
    """
    tests = group_tests(x, periods, variance)
    if sieve.step < 0 or sieve.cap < sieve.start or not 0 <= sort_share <= 1:
        raise NumericsError(
            "the sieve needs a step of zero or more and a cap above its start; a share"
            " lies in [0, 1]"
        )
    left = _sorted_rows(np.asarray(x, dtype=float), sort_share)
    clubs: list[Club] = []
    while len(left) > 1:
        rest = tests.club(left)
        if rest.converges:
            return Clubs((*clubs, rest), ())
        core = core_of(tests, left)
        if not len(core):
            break
        clubs.append(_sieved(tests, core, left[~np.isin(left, core)], sieve))
        left = left[~np.isin(left, clubs[-1].members)]
    return Clubs(tuple(clubs), tuple(sorted(left.tolist())))


def _sorted_rows(x: Array, share: float) -> np.ndarray:
    count = max(1, round(share * x.shape[1]))
    return np.argsort(-x[:, -count:].mean(axis=1), kind="stable")


def core_of(tests: GroupTests, order: np.ndarray) -> np.ndarray:
    """Return the core of the next club: from the first pair that converges on, the
    prefix with the largest t, before any t that fails.
    """
    start = _first_pair(tests, order)
    if start < 0:
        return order[:0]
    order = order[start:]
    values: list[float] = []
    size = 2
    block = _first_block(tests)
    while size <= len(order):
        last = min(size + block - 1, len(order))
        t = tests.prefixes(order, 2, last, smallest=size)
        failing = np.flatnonzero(~(t > CRITICAL_VALUE))
        if len(failing):
            values += t[: failing[0]].tolist()
            break
        values += t.tolist()
        size = last + 1
        block = min(2 * block, LARGEST_BLOCK)
    return order[: int(np.argmax(values)) + 2]


def _first_block(tests: GroupTests) -> int:
    return max(2, min(FIRST_BLOCK, NUMBERS_AT_ONCE // len(tests.periods)))


def _first_pair(tests: GroupTests, order: np.ndarray) -> int:
    block = _first_block(tests)
    first = 0
    while first < len(order) - 1:
        t = tests.pairs(order[first : first + block + 1])
        passing = np.flatnonzero(t > CRITICAL_VALUE)
        if len(passing):
            return first + int(passing[0])
        first += block
        block = min(2 * block, LARGEST_BLOCK)
    return -1


def _sieved(
    tests: GroupTests, core: np.ndarray, others: np.ndarray, rule: SieveRule
) -> Club:
    """Add every unit whose t with the core is above c*, the smallest on the grid at
    which the club converges.
    """
    if not len(others):
        return tests.club(core, rule.start)
    t = tests.additions(core, others)
    club = tests.club(np.concatenate([core, others[t > rule.start]]), rule.start)
    if club.converges or rule.step == 0:
        return club
    ranked = others[np.argsort(-t, kind="stable")]
    steps = round((rule.cap - rule.start) / rule.step)
    levels = rule.start + rule.step * np.arange(1, steps + 1)
    sizes = np.array([int((t > level).sum()) for level in levels], dtype=int)
    largest = max(int(sizes.max(initial=0)), 1)
    order = np.concatenate([core, ranked])
    together = tests.prefixes(order, len(core), len(core) + largest, smallest=len(core))
    passing = np.flatnonzero(together[sizes] > CRITICAL_VALUE)
    if not len(passing):
        return tests.club(core, rule.cap)
    level = int(passing[0])
    return tests.club(order[: len(core) + sizes[level]], float(levels[level]))


PHILLIPS_SUL = "phillips_sul"
VON_LYNCKER = "von_lyncker_thoennessen"
NONE = "none"
MERGES = (PHILLIPS_SUL, VON_LYNCKER, NONE)


def merge_clubs(tests: GroupTests, clubs: Clubs, method: str = PHILLIPS_SUL) -> Clubs:
    """Join neighbouring clubs that converge together.

    Notes
    -----
    Phillips and Sul (2009); von Lyncker and Thoennessen (2017), algorithm 1.
    """
    if method not in MERGES:
        raise NumericsError(
            f"clubs are merged by one of {', '.join(MERGES)}, not {method!r}"
        )
    groups = [[number] for number in range(len(clubs.clubs))]
    if method == PHILLIPS_SUL:
        groups = _joined_downwards(tests, clubs, groups)
    elif method == VON_LYNCKER:
        groups = _joined_by_peaks(tests, clubs, groups)
    return Clubs(tuple(_club(tests, clubs, group) for group in groups), clubs.divergent)


def adopt_divergent(tests: GroupTests, result: Clubs) -> Clubs:
    """Let divergent units join the club with which they converge best.

    Notes
    -----
    Von Lyncker and Thoennessen (2017), algorithm 2.
    """
    clubs = list(result.clubs)
    left = np.array(result.divergent, dtype=int)
    while len(left) and clubs:
        if len(left) > 1 and float(tests.group(left).t[0]) > CRITICAL_VALUE:
            clubs.append(tests.club(left))
            left = left[:0]
            break
        t = np.array([tests.additions(np.array(club.members), left) for club in clubs])
        best = float(np.nanmax(t, initial=-np.inf))
        if not best > CRITICAL_VALUE:
            break
        club, unit = np.unravel_index(int(np.nanargmax(t)), t.shape)
        old = clubs[club]
        members = np.array([*old.members, left[unit]])
        clubs[club] = tests.club(members, old.sieve, old.merged_from)
        left = np.delete(left, unit)
    return Clubs(tuple(clubs), tuple(sorted(left.tolist())))


def _rows(clubs: Clubs, group: Sequence[int]) -> np.ndarray:
    return np.concatenate([np.array(clubs.clubs[number].members) for number in group])


def _union_t(tests: GroupTests, clubs: Clubs, group: Sequence[int]) -> float:
    return float(tests.group(np.sort(_rows(clubs, group))).t[0])


def _joined_downwards(
    tests: GroupTests, clubs: Clubs, groups: list[list[int]]
) -> list[list[int]]:
    out: list[list[int]] = []
    for group in groups:
        if out and _union_t(tests, clubs, [*out[-1], *group]) > CRITICAL_VALUE:
            out[-1] = [*out[-1], *group]
        else:
            out.append(group)
    return out


def _joined_by_peaks(
    tests: GroupTests, clubs: Clubs, groups: list[list[int]]
) -> list[list[int]]:
    while len(groups) > 1:
        unions = [[*a, *b] for a, b in pairwise(groups)]
        t = np.array([_union_t(tests, clubs, union) for union in unions])
        following = np.append(t[1:], -np.inf)
        # The first pair that converges together, and better than the pair after it.
        peaks = np.flatnonzero((t > CRITICAL_VALUE) & (t > following))
        if not len(peaks):
            break
        first = int(peaks[0])
        joined = [*groups[first], *groups[first + 1]]
        groups = [*groups[:first], joined, *groups[first + 2 :]]
    return groups


def _club(tests: GroupTests, clubs: Clubs, group: list[int]) -> Club:
    if len(group) == 1:
        return clubs.clubs[group[0]]
    merged_from = tuple(number + 1 for number in group)
    return tests.club(_rows(clubs, group), merged_from=merged_from)
