"""Errors in lists: how far two lists agree, how many units two searches missed, and what
growth nearby prints where another list is the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from evenfield.models.nearby import CELLS_AT_ONCE, Nearby, NearbyDesign
from evenfield.models.rows import NAN, Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.design import Tested

EITHER = "either"  # what at least one of two searches found
# ASSUME: where less than a tenth of a point prints, what is printed says nothing of it.
LEAST_FACTOR = 0.1
AT_RANDOM = (0.025, 0.975)  # of the factors over draws


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two lists of the same units, by how many units stand on both, one and none."""

    names: tuple[str, str]
    both: int
    first_only: int
    second_only: int
    neither: int

    @classmethod
    def of(cls, names: tuple[str, str], first: Array, second: Array) -> Pair:
        """Count the units of two lists of zeros and ones, (N,) each."""
        on_first, on_second = first > 0, second > 0
        return cls(
            names=names,
            both=int((on_first & on_second).sum()),
            first_only=int((on_first & ~on_second).sum()),
            second_only=int((~on_first & on_second).sum()),
            neither=int((~on_first & ~on_second).sum()),
        )

    @property
    def first(self) -> int:
        """Units on the first list."""
        return self.both + self.first_only

    @property
    def second(self) -> int:
        """Units on the second list."""
        return self.both + self.second_only

    @property
    def either(self) -> int:
        """Units on one of them at least."""
        return self.both + self.first_only + self.second_only

    @property
    def units(self) -> int:
        """All units."""
        return self.either + self.neither

    @property
    def agreement(self) -> float:
        """Share of the units on which the lists agree."""
        return (self.both + self.neither) / self.units

    @property
    def by_chance(self) -> float:
        """The same where the lists are independent of each other."""
        on_both = self.first * self.second
        on_none = (self.units - self.first) * (self.units - self.second)
        return (on_both + on_none) / self.units**2

    def kappa(self, level: float) -> Tested:
        """Test Cohen's kappa against zero.

        Notes
        -----
        kappa = (agreement - by chance) / (1 - by chance). The standard error of the
        interval allows for any kappa, that of the test supposes zero (Fleiss, Cohen and
        Everitt 1969).
        """
        from statsmodels.stats.inter_rater import cohens_kappa

        found = cohens_kappa(
            [[self.both, self.first_only], [self.second_only, self.neither]]
        )
        half = ndtri(0.5 + level / 2) * found.std_kappa
        return Tested(
            estimate=float(found.kappa),
            std_error=float(found.std_kappa),
            statistic=float(found.z_value),
            df=np.inf,
            p_value=float(found.pvalue_two_sided),
            conf_low=float(found.kappa - half),
            conf_high=float(found.kappa + half),
            law="normal",
        )

    @property
    def petersen(self) -> float:
        """How many units exist by Lincoln and Petersen, NaN with none on both lists."""
        return self.first * self.second / self.both if self.both else NAN

    @property
    def chapman(self) -> float:
        """How many units exist by Chapman (1951), who takes most of the bias away."""
        return (self.first + 1) * (self.second + 1) / (self.both + 1) - 1

    @property
    def chapman_error(self) -> float:
        """Standard error of Chapman's number (Seber 1970)."""
        sizes = (self.first + 1) * (self.second + 1)
        single = self.first_only * self.second_only
        return float(np.sqrt(sizes * single / ((self.both + 1) ** 2 * (self.both + 2))))

    def possible(self, level: float) -> tuple[int, int] | None:
        """Return the fewest and the most units that may exist, or None if no number of
        them up to all units makes the overlap likely.

        Notes
        -----
        If M exist and both searches are independent, the overlap is hypergeometric. M
        is in the interval if neither so small nor so large an overlap is less likely
        than half of 1 - level: the interval holds at least so often.
        """
        from scipy.stats import hypergeom

        existing = np.arange(self.either, self.units + 1)
        overlap = hypergeom(existing, self.first, self.second)
        tail = (1 - level) / 2
        not_too_small = overlap.cdf(self.both) > tail
        not_too_large = overlap.sf(self.both - 1) > tail
        likely = existing[not_too_small & not_too_large]
        return (int(likely[0]), int(likely[-1])) if len(likely) else None

    def searched(self, level: float) -> list[Row]:
        """Return how many units exist, the share of them that each search found and that
        at least one did, if the searches are independent of each other.
        """
        a, b = self.names
        # No more can exist than all units: an overlap by which more do is too small.
        ends = self.possible(level) if self.chapman <= self.units else None
        number = _within(ends, self.chapman, self.chapman_error)
        rows = [Row(f"exist: {a}, {b}", number)]
        for what, found in ((a, self.first), (b, self.second), (EITHER, self.either)):
            # The more exist, the smaller the share that was found.
            shares = None if ends is None else (found / ends[1], found / ends[0])
            recall = _within(shares, found / self.chapman)
            rows.append(Row(f"recall of {what}: {a}, {b}", recall))
        return rows


def _within(
    ends: tuple[float, float] | None, estimate: float, std_error: float = NAN
) -> Tested:
    """Return a number with the ends of its interval, or why there is none."""
    if ends is None:
        reason = "fewer on both lists than independent searches would give"
        return Tested(estimate=estimate, std_error=std_error, reason=reason)
    return Tested(
        estimate=estimate,
        std_error=std_error,
        conf_low=ends[0],
        conf_high=ends[1],
        law="hypergeometric",
    )


class Attenuation(NamedTuple):
    """Expected coefficients of the first list and of its differences from the others in
    one regression, (D, K) for D true lists, if an effect of the true list is one.
    """

    factor: Array  # the effect that the regression measures, on the list or nearby
    bias: Array  # the other effect


def if_right(printed: Array, factor: Array, taken_off: Array | float = 0.0) -> Array:
    """Return what is printed, or an end of its interval, as the effect of the list that
    is right; NaN where too little of a point prints.

    Notes
    -----
    (printed - taken_off) / factor, since E[printed] = factor * effect + taken_off.
    """
    says_something = np.asarray(factor) >= LEAST_FACTOR
    divisor = np.where(says_something, factor, NAN)
    return np.asarray((printed - taken_off) / divisor)


@dataclass(frozen=True, kw_only=True)
class ListRegression:
    """One of the two regressions of growth nearby, whose first list may have errors."""

    design: NearbyDesign

    @property
    def on_list(self) -> Array:
        """Which units are on the first list, (N,) of zeros and ones."""
        return np.asarray(self.design.model.nearby.lists[:, 0])

    @property
    def terms(self) -> list[str]:
        """Names of the rows that hold the first list."""
        first, *others = self.design.model.names[: self._lists]
        return [first, *(f"{first} - {other}" for other in others)]

    @property
    def _lists(self) -> int:
        """How many lists the regression has."""
        return int(self.design.model.nearby.lists.shape[1])

    def shrinkage(self, truths: Array) -> Attenuation:
        """Return what one point prints where each of some lists is the right one; truths
        (D, N) of zeros and ones.

        Notes
        -----
        Least squares are linear in the outcome. Where units on the true list T grow by
        b and units near one of them by c, the expected coefficient of a list is b times
        that of a regression of L_T, and c times that of a regression of N_T, on the
        rows and the regressors of the design.
        """
        model = self.design.model
        # ASSUME: units of the true list that the regression takes for others receive
        # what spreads, too; lists beside the first are right, and have no effect.
        exposure = model.nearby.exposure(truths[:, :, None])[:, :, 0]
        own, near = self._coefficients(truths), self._coefficients(exposure)
        if model.near:
            return Attenuation(factor=near, bias=own)
        return Attenuation(factor=own, bias=near)

    def _coefficients(self, outcomes: Array) -> Array:
        """Return the coefficient of the first list and its differences from the others
        for each outcome; outcomes (D, N) -> (D, K).
        """
        of_lists = outcomes[:, self.design.model.rows] @ self._solve.T
        first = of_lists[:, :1]
        return np.column_stack([first, first - of_lists[:, 1:]])

    @cached_property
    def _solve(self) -> Array:
        """Rows of (X'X)^-1 X' of the lists, (K, n)."""
        fit = self.design.fit
        return np.asarray(fit.basis[: self._lists] @ (fit.X @ fit.basis).T)


def random_truths(
    nearby: Nearby, missing: float, wrong: float, draws: int, rng: np.random.Generator
) -> Array:
    """Draw lists that may be the right ones if a share of their units is missing on the
    first list and a share of its own is wrong; (draws, N) of zeros and ones.

    Notes
    -----
    A unit on the list is right with probability 1 - wrong. In a parent with L units on
    the list and U others, each of these is missing with probability L (1 - wrong)
    missing / (1 - missing) / U, or 1 if that is more.
    """
    on_list = nearby.lists[:, 0] > 0
    listed, others = (
        np.bincount(nearby.parents[which], minlength=nearby.parents.max() + 1)
        for which in (on_list & nearby.sample, ~on_list & nearby.sample)
    )
    # ASSUME: errors are as frequent in every parent, and those of one unit say nothing
    # of another's; units that are not compared are on their lists rightly.
    lacking = listed * (1 - wrong) * missing / (1 - missing)
    share_missing = np.minimum(lacking / np.maximum(others, 1), 1)
    chance = np.where(on_list, 1 - wrong, share_missing[nearby.parents])
    chance = np.where(nearby.sample, chance, on_list)
    return np.asarray(rng.random((draws, len(chance))) < chance, dtype=float)


def random_shrinkage(
    regressions: Sequence[ListRegression],
    missing: float,
    wrong: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[list[Attenuation], float]:
    """Return what one point prints over draws of true lists, by regression, and the
    share of their units in the sample that the first list lacks.
    """
    nearby = regressions[0].design.model.nearby
    on_first = regressions[0].on_list > 0
    at_once = max(1, CELLS_AT_ONCE // len(on_first))
    parts: list[list[Attenuation]] = [[] for _ in regressions]
    missed = true = 0.0
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        truths = random_truths(nearby, missing, wrong, size, rng)
        missed += truths[:, nearby.sample & ~on_first].sum()
        true += truths[:, nearby.sample].sum()
        for part, regression in zip(parts, regressions, strict=True):
            part.append(regression.shrinkage(truths))
    joined = [
        Attenuation(
            factor=np.concatenate([one.factor for one in part]),
            bias=np.concatenate([one.bias for one in part]),
        )
        for part in parts
    ]
    return joined, missed / max(true, 1)
