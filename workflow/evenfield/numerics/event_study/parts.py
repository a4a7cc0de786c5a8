"""The effect of a policy in parts: by kind, by wave of first dates or by number of
policies in force, and how far the parts differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.estimates import (
    Clusterings,
    Estimates,
    Span,
    span_cells,
    target_effects,
)
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import Clustered
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.inference.joint import JointTest


@dataclass(frozen=True)
class PartEffects:
    """Mean effects of the parts of a policy, all from one imputation."""

    parts: Estimates  # (P,)
    differences: Estimates  # (P - 1,) each part less the first

    def joint_test(self) -> JointTest:
        """Test that all parts have one effect."""
        return self.differences.joint_test()


def part_effects(
    panel: EventPanel,
    span: Span,
    parts: Mapping[str, np.ndarray],
    clusterings: Clusterings,
) -> PartEffects:
    """Return the mean effect over a span of horizons in the cells of each part, and the
    differences from the first part; parts (N, T) of bool by name.

    Notes
    -----
    Parts are predicted from the same cells without the policy, so that their errors are
    not independent: a difference has the differences of scores.
    """
    cells = span_cells(panel, [span])
    targets = np.concatenate([cells & part for part in parts.values()])
    fit = Imputation.of(panel)
    names = list(parts)
    own = target_effects(names, fit, targets, panel.first, clusterings)
    empty = [name for name, count in zip(names, own.cells, strict=True) if not count]
    if empty:
        raise NumericsError(f"no unit-year of {empty[0]} can be imputed")
    fits = {}
    for name, of_parts in own.fits.items():
        # Degrees of freedom of a difference are those of the part with fewer clusters.
        fits[name] = Clustered(
            of_parts.estimate[1:] - of_parts.estimate[0],
            of_parts.scores[1:] - of_parts.scores[0],
            np.minimum(of_parts.df[1:], of_parts.df[0]),
        )
    differences = Estimates(
        names=[f"{name} less {names[0]}" for name in names[1:]],
        estimate=own.estimate[1:] - own.estimate[0],
        fits=fits,
        cells=own.cells[1:],
        units=own.units[1:],
        lost=own.lost[1:],
    )
    return PartEffects(own, differences)
