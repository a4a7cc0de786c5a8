"""How far an effect bears that units with the policy would have moved in another way: what
is left of it if trends differed since by so many times the most that they did before.

Rambachan and Roth (2023), relative magnitudes. Leads and effects must have one base, the
date before the policy, so that changes before and after it are of one kind.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.inference import Clustered, Clusterings, clustered
from evenfield.numerics.event_study.panel import EventPanel, Span

MAGNITUDES = (0.5, 1.0, 2.0)  # times the largest change before the policy
MOST = 100.0  # magnitude beyond which nobody asks


@dataclass(frozen=True)
class TrendBounds:
    """A mean effect, and changes from date to date before the policy."""

    fits: dict[str, Clustered]  # by clustering: the effect, then S changes; (1 + S,)
    reach: float  # mean number of dates since the base over the cells of the effect

    @property
    def estimate(self) -> float:
        """Mean effect where trends do not differ since the policy."""
        return float(self._first.estimate[0])

    @property
    def _first(self) -> Clustered:
        return next(iter(self.fits.values()))

    def ends(self, magnitude: float) -> tuple[float, float]:
        """Return the smallest and largest effect that estimates without error allow.

        Notes
        -----
        A difference in trends that may change by M max|change| at each date since the
        base adds up to at most reach times that over the cells of the effect.
        """
        largest = float(np.abs(self._first.estimate[1:]).max())
        most = magnitude * self.reach * largest
        return self.estimate - most, self.estimate + most

    def interval(self, magnitude: float, level: float) -> tuple[float, float]:
        """Return an interval of the effect where trends differ since the policy by up to
        so many times the largest change before it.

        Notes
        -----
        For each change d_s and sign, effect +- M reach d_s is one combination of
        estimates with an interval of its own. One of them is the largest change; all
        intervals together hold the effect at least as often as that one does.
        """
        # ASSUME: no conditional or hybrid test, which would be a little shorter.
        lows = []
        highs = []
        scale = magnitude * self.reach
        for fit in self.fits.values():
            changes = np.concatenate([fit.estimate[1:], -fit.estimate[1:]])
            scores = np.concatenate([fit.scores[1:], -fit.scores[1:]])
            paths = Clustered(
                fit.estimate[0] + scale * changes,
                fit.scores[0] + scale * scores,
                np.full(len(changes), fit.df.min()),
            )
            half = paths.half(level)
            lows.append(float((paths.estimate - half).min()))
            highs.append(float((paths.estimate + half).max()))
        # A clustering without an interval does not stand in for one that has one.
        return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))

    def breakdown(self, level: float) -> float:
        """Return the magnitude at which the interval reaches zero: 0 where it always
        holds it, NaN without an interval, ``MOST`` at most.
        """

        def nearer_end(magnitude: float) -> float:
            low, high = self.interval(magnitude, level)
            return low if self.estimate > 0 else -high

        if not nearer_end(0.0) > 0:
            return 0.0 if np.isfinite(nearer_end(0.0)) else float("nan")
        if nearer_end(MOST) > 0:
            return MOST
        return float(brentq(nearer_end, 0.0, MOST))


def trend_bounds(
    panel: EventPanel, span: Span, leads: int, clusterings: Clusterings
) -> TrendBounds:
    """Return the mean effect over a span of horizons against the date before the policy,
    and the changes between the last ``leads`` dates before it.
    """
    before = [(h, h) for h in range(-leads, -1)]
    after = [(h, h) for h in range(span[0], span[1] + 1)]
    means = group_time_means(panel, [span, *before, *after], one_base=True)
    effect = slice(0, 1)
    early = slice(1, 1 + len(before))
    late = slice(1 + len(before), None)
    # The lead of the base itself is zero.
    base = np.zeros((1, len(panel.Y)))
    changes = np.diff(means.estimate[early], append=0.0)
    by_unit = np.diff(means.by_unit[early], axis=0, append=base)
    seen = np.isfinite(changes)
    if not seen.any():
        raise NumericsError("no two dates before the policy show how trends differ")
    dates = np.arange(span[0], span[1] + 1) + 1
    if not means.cells[late].any():
        raise NumericsError("no units without the policy to compare its effect with")
    estimates = np.concatenate([means.estimate[effect], changes[seen]])
    errors = np.concatenate([means.by_unit[effect], by_unit[seen]])
    present = np.concatenate([means.present[effect], means.present[early][seen]])
    fits = {}
    for name, clusters in clusterings.items():
        fits[name] = clustered(estimates, errors, clusters, present)
    return TrendBounds(fits, float(np.average(dates, weights=means.cells[late])))
