"""What a policy with dates did to units nearby that did not have it themselves."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from evenfield.models.policies import (
    Effects,
    PolicyPanel,
    mean_effects,
    no_effects,
    permuted_rows,
    policy_effects,
    span_name,
)
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import counted
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.panel import Span
from evenfield.numerics.event_study.permutation import p_of_draws, permuted_cohorts
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood


class Rings(NamedTuple):
    """Effects of a policy on its units and on the rings around them, each compared with
    cells that have the policy neither themselves nor nearby.
    """

    design: RingDesign
    last: int  # effects are averaged up to so many dates after a unit came near
    own: Effects  # of the policy on its units, one
    near: Effects  # on units without the policy by ring, R
    reason: str = ""  # why there are none

    def permuted(self, rng: np.random.Generator, draws: int) -> list[Row]:
        """Return a row for each ring with the p-value of its effect when policy dates are
        dealt out again among the units of a group.
        """
        panel = self.design.panel
        # Row zero are the true dates: the observed means run through the same code.
        first = np.vstack([panel.first, permuted_cohorts(panel, rng, draws)])
        observed, *drawn = self.design.permuted_means(first, self.last)
        return permuted_rows(self.near, p_of_draws(np.array(drawn), observed), draws)

    def left_out(self) -> tuple[Array, Array]:
        """Return the smallest and the largest effect on each ring when one of its units
        is left out, or those that are near one unit under the policy; (R,) each.
        """
        design = self.design
        means = design.means_without(design.leaving(self.last), self.last)
        # Where there is no unit to leave out, a row of NaN gives both ends as NaN; beside
        # means it does not count.
        nothing = np.full((1, len(design.near.radii)), np.nan)
        means = np.vstack([nothing, means])
        return np.fmin.reduce(means), np.fmax.reduce(means)


def rings(
    panel: PolicyPanel,
    distance: Array,
    radii: Sequence[float],
    span: Span,
    fewest: int,
) -> Rings:
    """Estimate the effect of a policy on its units over a span of horizons, and on units
    without it by their distance to the nearest unit that has it, from the date that they
    came near up to the end of the span.

    Parameters
    ----------
    panel, distance : PolicyPanel, (N, N)
        Units in one order; infinite between units that are not linked.
    radii : outer ends of the rings, rising
    span : first and last horizon, in dates since the policy came
    fewest : units that never have the policy nor one nearby, below which there are no
        effects

    Notes
    -----
    Butts (2021): units nearby are no controls where a policy spills over. With d_it the
    distance to the nearest other unit that has the policy at t, unit i is in ring r where
    radius_(r-1) < d_it <= radius_r (radius_0 = 0). The effect on a ring is the mean of
    Y_it - Y_it(0) over its cells, where Y_it(0) is fitted to far cells: without the
    policy, and d_it > radius_R.
    """
    last = span[1]
    design = RingDesign(panel, neighbourhood(distance, radii))
    if design.far_units < fewest:
        far_units = counted(design.far_units, "unit")
        beyond = f"without the policy beyond {radii[-1]:g}"
        reason = f"{far_units} {beyond}, fewer than {fewest}"
        nothing = no_effects(reason)
        return Rings(design=design, last=last, own=nothing, near=nothing, reason=reason)
    ring_ends = pairwise((0.0, *design.near.radii))
    near = mean_effects(
        names=[span_name(ends) for ends in ring_ends],
        fit=Imputation.of(panel, design.far),
        targets=design.targets(last),
        # Who came near at one date is a cohort, as who got the policy at one date is.
        cohorts=design.entered,
        clusterings=panel.clusterings,
    )
    own = policy_effects(panel, [span], design.far)
    return Rings(design=design, last=last, own=own, near=near)
