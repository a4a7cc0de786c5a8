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
from evenfield.numerics.event_study.permutation import dealt_cohorts, p_of_draws
from evenfield.numerics.event_study.rings import RingDesign, neighbourhood


class Rings(NamedTuple):
    """Effects with units as controls that never have the policy nor one nearby."""

    design: RingDesign
    last: int  # date after a unit came near up to which effects are averaged
    own: Effects  # of the policy on its units
    near: Effects  # on the units of each ring
    reason: str = ""  # why there are none

    def permuted(self, rng: np.random.Generator, draws: int) -> list[Row]:
        """Return effects on rings beside those of dates that are dealt out again within
        the groups of the effects.
        """
        panel = self.design.panel
        first = np.vstack([panel.first, dealt_cohorts(panel, rng, draws)])
        observed, *drawn = self.design.dealt_means(first, self.last)
        return permuted_rows(self.near, p_of_draws(np.array(drawn), observed), draws)

    def left_out(self) -> tuple[Array, Array]:
        """Return the smallest and the largest effect on each ring when one of its units,
        or one unit under the policy with those of the ring near it, is left out; (R,)
        each.
        """
        design = self.design
        found = design.means_without(design.leaving(self.last), self.last)
        nothing = np.full((1, len(design.near.radii)), np.nan)
        found = np.vstack([nothing, found])
        return np.fmin.reduce(found), np.fmax.reduce(found)


def rings(
    panel: PolicyPanel,
    distance: Array,
    radii: Sequence[float],
    span: Span,
    fewest: int,
) -> Rings:
    """Estimate the effect of a policy over a span of horizons, and on units by the ring
    of the nearest unit that has it, up to the end of the span after they came near.

    Parameters
    ----------
    panel, distance : PolicyPanel, (N, N)
        Units in one order; infinite between units that are not linked.
    radii : outer ends of the rings, rising
    span : first and last horizon
    fewest : units far away, below which there are no rings

    Notes
    -----
    Butts (2021): units nearby are no controls where a policy spills over.
    """
    last = span[1]
    design = RingDesign(panel, neighbourhood(distance, radii))
    if design.far_units < fewest:
        far = f"{counted(design.far_units, 'unit')} without the policy beyond"
        reason = f"{far} {radii[-1]:g}, fewer than {fewest}"
        nothing = no_effects(reason)
        return Rings(design, last, own=nothing, near=nothing, reason=reason)
    near = mean_effects(
        names=[span_name(ring) for ring in pairwise((0.0, *design.near.radii))],
        fit=Imputation.of(panel, design.far),
        targets=design.targets(last),
        cohorts=design.entered,
        clusterings=panel.clusterings,
    )
    own = policy_effects(panel, [span], design.far)
    return Rings(design, last, own=own, near=near)
