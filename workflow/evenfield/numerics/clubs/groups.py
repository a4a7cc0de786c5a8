"""Log t tests of many groups of units at once, from sums that are shared between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import CRITICAL_VALUE, LogtFit, fit_logt_used


@dataclass(frozen=True, slots=True)
class Club:
    """A group of units and its own log t test."""

    members: tuple[int, ...]  # rows of the data, sorted
    b: float  # its log t regression
    std_error: float
    t: float
    sieve: float  # the c* with which its members were chosen; NaN for a group that was tested whole or merged
    converges: bool  # whether t is above the critical value; a club without is flagged, not hidden
    merged_from: tuple[int, ...] = ()  # positions of the clubs that were joined, empty before merging


@dataclass(frozen=True, slots=True)
class Clubs:
    """Clubs in the order found, richest first, and the units of no club."""

    clubs: tuple[Club, ...]
    divergent: tuple[int, ...]  # rows that join no club

    def labels(self, n: int) -> np.ndarray:
        """Return the club of each unit; shape (n,)."""
        out = np.zeros(n, dtype=int)
        for number, club in enumerate(self.clubs, start=1):
            out[list(club.members)] = number
        return out


@dataclass(frozen=True, slots=True)
class GroupTests:
    """The data of the log t tests, cut to the periods that they use."""

    used: np.ndarray  # (N, 1 + n) trends of the first period and of the periods of the regression, all positive
    periods: np.ndarray  # (n,) periods of the regression
    variance: str = "fqsb"  # long-run variance, see ``fit_logt``
    critical: float = CRITICAL_VALUE  # a group converges when its t is above

    def group(self, members: np.ndarray) -> LogtFit:
        """Test one group; members (k,)."""
        x = self.used[members]
        mean = x.mean(axis=0)
        return self._fit((np.mean((x - mean) ** 2, axis=0) / mean**2)[None])

    def pairs(self, order: np.ndarray) -> np.ndarray:
        """Test neighbours in an order; order (k,) -> (k - 1,)."""
        x = self.used[order]
        return self._fit(((x[:-1] - x[1:]) / (x[:-1] + x[1:])) ** 2).t

    def prefixes(self, order: np.ndarray, first: int, last: int) -> np.ndarray:
        """Test groups of the first units of an order; order (k,) -> (last - first + 1,).

        Notes
        -----
        Sums of x - c and (x - c)^2 accumulate along the order; c is the mean path of the first ``first`` units,
        so that nothing is lost when a tight group lies far from zero.
        """
        x = self.used[order[:last]]
        centre = x[:first].mean(axis=0)
        x = x - centre
        sums = _accumulated(x, first), _accumulated(x**2, first)
        sizes = np.arange(first, last + 1)[:, None]
        return self._fit(_dispersion(*sums, sizes, centre)).t

    def additions(self, core: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Test a core with one candidate added, for each candidate; shape (number of candidates,)."""
        x = self.used[core]
        centre = x.mean(axis=0)
        squares = np.sum((x - centre) ** 2, axis=0)
        away = self.used[candidates] - centre
        return self._fit(_dispersion(away, squares + away**2, np.array(len(core) + 1), centre)).t

    def club(self, members: np.ndarray, sieve: float = np.nan, merged_from: tuple[int, ...] = ()) -> Club:
        """Return a group with its own test."""
        rows = np.sort(members)
        fit = self.group(rows)
        b, std_error, t = float(fit.b[0]), float(fit.std_error[0]), float(fit.t[0])
        return Club(tuple(rows.tolist()), b, std_error, t, sieve, t > self.critical, merged_from)

    def _fit(self, used: np.ndarray) -> LogtFit:
        return fit_logt_used(used, self.periods, self.variance)


def group_tests(x: np.ndarray, periods: np.ndarray, variance: str, critical: float = CRITICAL_VALUE) -> GroupTests:
    """Check the trends and keep the periods that the tests use; x (N, T), periods (n,)."""
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or len(x) < 2:
        raise NumericsError("clubs need at least two units")
    if not (np.isfinite(x) & (x > 0)).all():
        raise NumericsError("a trend has a gap or is not positive, the tests of some groups would not be defined")
    return GroupTests(np.ascontiguousarray(x[:, [0, *(periods - 1)]]), periods, variance, critical)


def _accumulated(x: np.ndarray, first: int) -> np.ndarray:
    head = x[:first].sum(axis=0)
    return np.asarray(np.cumsum(np.vstack([head[None], x[first:]]), axis=0))


def _dispersion(sums: np.ndarray, squares: np.ndarray, sizes: np.ndarray, centre: np.ndarray) -> np.ndarray:
    mean = sums / sizes
    return np.asarray(np.maximum(squares / sizes - mean**2, 0.0) / (centre + mean) ** 2)
