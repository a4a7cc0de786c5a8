"""The effect of a policy with dates by imputation, with leads beside it, and what speaks
for or against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.models.policies import (
    Effects,
    PolicyPanel,
    clustered_effects,
    mean_effects,
    no_effects,
    permuted_rows,
    policy_effects,
    span_cells,
    span_name,
)
from evenfield.models.rows import NAN, Row
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.group_time import (
    GroupTime,
    group_time_aggregates,
    group_time_means,
)
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import Clustered
from evenfield.numerics.event_study.interaction_weighted import interaction_weighted
from evenfield.numerics.event_study.leads import cr1_factor_of_leads, estimated_leads
from evenfield.numerics.event_study.panel import Span
from evenfield.numerics.event_study.permutation import (
    p_of_draws,
    permuted_cohorts,
    span_means,
)
from evenfield.numerics.event_study.trends import (
    MAGNITUDES,
    TrendBounds,
    trend_bounds,
)
from evenfield.numerics.event_study.two_way import two_way_coefficient
from evenfield.numerics.inference.design import Tested


@dataclass(frozen=True, kw_only=True)
class EventStudy:
    """What is asked of a policy with dates; every answer is estimated when it is first
    read.

    Notes
    -----
    y_it = a_i + d_(group,t) + x_i'b_t + e_it, fitted to cells without the policy; an
    effect is the mean of y_it less its prediction over cells under it (Borusyak, Jaravel
    and Spiess 2024).
    """

    panel: PolicyPanel
    lead_count: int  # dates before the policy
    last_horizon: int  # date after the first one under the policy
    spans: Sequence[Span]  # of horizons, over which effects are averaged

    @cached_property
    def leads(self) -> Effects:
        """Leads, the earliest first; on cells before the policy alone."""
        panel = self.panel
        try:
            leads = estimated_leads(panel, self.lead_count)
        except NumericsError as error:
            return no_effects(error)
        by_unit = {}
        for name, clusters in panel.clusterings.items():
            factor = cr1_factor_of_leads(panel, len(leads.estimate), clusters)
            by_unit[name] = np.sqrt(factor) * leads.by_unit
        return clustered_effects(
            names=[str(horizon) for horizon in leads.horizons],
            estimate=leads.estimate,
            by_unit=by_unit,
            with_policy=leads.present,
            clusterings=panel.clusterings,
        )

    @property
    def wanted(self) -> list[Span]:
        """Each horizon, then spans; a span of one horizon stands with the spans."""
        each = [(horizon, horizon) for horizon in range(self.last_horizon + 1)]
        return [*(one for one in each if one not in self.spans), *self.spans]

    @cached_property
    def effects(self) -> Effects:
        """Effects by horizon, then over spans."""
        return policy_effects(self.panel, self.wanted)

    @property
    def averages(self) -> Effects:
        """Effects over spans alone."""
        return policy_effects(self.panel, self.spans)

    @cached_property
    def pseudo(self) -> Effects:
        """The effect of a policy that is taken to come as many dates early as there are
        leads, on dates before it.
        """
        early = self.lead_count
        if not early:
            return no_effects("no date before the policy")
        effects = policy_effects(self.panel.pseudo(early), [(0, early - 1)])
        return effects._replace(names=[f"{early} dates early"])

    @cached_property
    def group_time(self) -> Effects:
        """Callaway and Sant'Anna's (2021) mean changes over spans since the date before
        the policy, less those of units that do not have it yet.
        """
        names = [span_name(span) for span in self.spans]
        return self._changes(names, group_time_means(self.panel, self.spans))

    @cached_property
    def interaction_weighted(self) -> Effects:
        """Sun and Abraham's (2021) means over spans, from a regression with an effect
        for each cohort and date.
        """
        names = [span_name(span) for span in self.spans]
        try:
            means = interaction_weighted(self.panel, self.spans)
        except NumericsError as error:
            return no_effects(error)
        return self._changes(names, means)

    def aggregates(self, dates: Sequence[str]) -> Effects:
        """Return Callaway and Sant'Anna's means over all cells, by first date of the
        policy and by date, then over first dates and over dates; names of the T dates.
        """
        try:
            kinds, means = group_time_aggregates(self.panel)
        except NumericsError as error:
            return no_effects(error)
        names = [f"{kind} {dates[at]}" if at >= 0 else kind for kind, at in kinds]
        return self._changes(names, means)

    def _changes(self, names: list[str], means: GroupTime) -> Effects:
        clusterings = self.panel.clusterings
        return clustered_effects(
            names=names,
            estimate=means.estimate,
            by_unit=dict.fromkeys(clusterings, means.by_unit),
            with_policy=means.present,
            clusterings=clusterings,
        )

    @cached_property
    def two_way(self) -> Tested:
        """The coefficient of the policy in a regression with effects of unit and of
        group and date.
        """
        try:
            return Tested(estimate=two_way_coefficient(self.panel))
        except NumericsError as error:
            return Tested(estimate=NAN, reason=str(error))

    def trends(self, span: Span) -> "Trends":
        """Return what is left of the effect over a span if trends differ."""
        panel = self.panel
        try:
            bounds = trend_bounds(panel, span, self.lead_count, panel.clusterings)
        except NumericsError as error:
            return Trends(span_name(span), reason=str(error))
        return Trends(span_name(span), bounds)

    def permuted(self, rng: np.random.Generator, draws: int) -> list[Row]:
        """Return effects beside those of dates that are dealt out again within the
        groups of the effects.
        """
        panel = self.panel
        first = np.vstack([panel.first, permuted_cohorts(panel, rng, draws)])
        observed, *drawn = span_means(panel, first, self.wanted)
        return permuted_rows(self.effects, p_of_draws(np.array(drawn), observed), draws)


class Left(NamedTuple):
    """What is left of an effect if trends differ by so much."""

    estimate: float  # where they do not differ
    low: float  # ends without error
    high: float
    conf_low: float  # ends of an interval
    conf_high: float


class Trends(NamedTuple):
    """How far a mean effect bears that trends differ since the policy, by so many times
    the largest change between two leads (Rambachan and Roth 2023).
    """

    name: str  # of the span
    bounds: TrendBounds | None = None
    reason: str = ""  # why there are none

    def left(self, level: float) -> dict[float, Left]:
        """Return what is left of the effect, by the factor."""
        left = {}
        if self.bounds is not None:
            for factor in MAGNITUDES:
                low, high = self.bounds.ends(factor)
                conf_low, conf_high = self.bounds.interval(factor, level)
                left[factor] = Left(
                    estimate=self.bounds.estimate,
                    low=low,
                    high=high,
                    conf_low=conf_low,
                    conf_high=conf_high,
                )
        return left

    def breakdown(self, level: float) -> Tested:
        """Return the factor at which the interval reaches zero."""
        if self.bounds is None:
            return Tested(estimate=NAN, reason=self.reason)
        return Tested(estimate=self.bounds.breakdown(level))


class Parts(NamedTuple):
    """Effects of the parts of a policy, all from one imputation."""

    effects: Effects  # (P,)
    differences: Effects  # (P - 1,) each part less the first
    reason: str = ""


def part_effects(
    panel: PolicyPanel, span: Span, parts: Mapping[str, np.ndarray]
) -> Parts:
    """Return the mean effect over a span of horizons in the cells of each part, and the
    differences from the first part; parts (N, T) of bool by name.

    Notes
    -----
    Parts are predicted from the same cells without the policy, so that their errors are
    not independent: a difference has the differences of scores.
    """
    cells = span_cells(panel, [span])
    names = list(parts)
    own = mean_effects(
        names=names,
        fit=Imputation.of(panel),
        targets=np.concatenate([cells & part for part in parts.values()]),
        cohorts=panel.first,
        clusterings=panel.clusterings,
    )
    empty = [name for name, count in zip(names, own.cells, strict=True) if not count]
    if empty:
        reason = f"no unit-year of {empty[0]} can be imputed"
        return Parts(no_effects(reason), no_effects(reason), reason)
    fits = {}
    for name, of_parts in own.fits.items():
        # Degrees of freedom of a difference are those of the part with fewer clusters.
        fits[name] = Clustered(
            estimate=of_parts.estimate[1:] - of_parts.estimate[0],
            scores=of_parts.scores[1:] - of_parts.scores[0],
            df=np.minimum(of_parts.df[1:], of_parts.df[0]),
        )
    differences = Effects(
        names=[f"{name} less {names[0]}" for name in names[1:]],
        estimate=own.estimate[1:] - own.estimate[0],
        fits=fits,
        cells=own.cells[1:],
        units=own.units[1:],
        lost=own.lost[1:],
    )
    return Parts(own, differences)
