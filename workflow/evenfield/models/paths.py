"""Treatment paths dealt out again: what a coefficient is worth against all the units that
could have had the path.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.methods import Tested
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
    std_error: float  # deviation of the coefficient over the assignments
    draws: int  # assignments
    enumerated: bool  # whether they are all that differ


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
    over units, or within strata by unit; y, d, units, dates (R,), controls (R, K).
    """
    panel = path_panel(y, d, units, dates, controls)
    dealt = (
        free_assignments(panel, draws, rng)
        if strata is None
        else stratified_assignments(panel, strata, draws, rng)
    )
    drawn = path_randomisation(panel, dealt, effects)
    low, high = drawn.interval(level)
    test = Tested(
        estimate=drawn.estimate,
        p_value=drawn.p_value(),
        conf_low=low,
        conf_high=high,
        p_type=f"{dealt.scheme} permutation of paths",
        law="permutations",
    )
    std_error = float(np.std(drawn.coefficients))
    return DealtPaths(test, std_error, dealt.count, dealt.enumerated)
