"""Treatment paths dealt out again: how often a coefficient as large as that of the data
comes up when other units have the paths.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.inference.randomisation import (
    Effects,
    free_assignments,
    path_panel,
    path_randomisation,
    stratified_assignments,
)


class DealtPaths(NamedTuple):
    """A coefficient tested by dealing out the paths of its regressor again."""

    test: Tested
    # standard deviation of the coefficient over the assignments: its error if d had no
    # effect
    std_error: float
    draws: int  # assignments tried, fewer than were asked for where no more differ
    enumerated: bool  # whether all different assignments were tried


def deal_paths(
    y: Array,
    d: Array,
    units: np.ndarray,
    dates: np.ndarray,
    draws: int,
    rng: np.random.Generator,
    level: float,
    *,
    controls: Array | None = None,
    strata: Mapping[str, object] | None = None,
    effects: Effects = "time",
) -> DealtPaths:
    """Test the coefficient of d given controls and effects by permuting whole paths of d
    among all units, or among those of a stratum (``strata``: that of each unit); y, d,
    units, dates (R,), controls (R, K).

    Notes
    -----
    p = (1 + #{|b_s| >= |b|}) / (1 + S) over S assignments, #{|b_s| >= |b|} / S where they
    are all that differ. The interval has the constant effects that p does not reject.
    """
    panel = path_panel(y, d, units, dates, controls)
    assignments = (
        free_assignments(panel, draws, rng)
        if strata is None
        else stratified_assignments(panel, strata, draws, rng)
    )
    randomised = path_randomisation(panel, assignments, effects)
    low, high = randomised.interval(level)
    test = Tested(
        estimate=randomised.estimate,
        p_value=randomised.p_value(),
        conf_low=low,
        conf_high=high,
        p_type=f"{assignments.scheme} permutation of paths",
        law="permutations",
    )
    return DealtPaths(
        test, randomised.spread, assignments.count, assignments.enumerated
    )
