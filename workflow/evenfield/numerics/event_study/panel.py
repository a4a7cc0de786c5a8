"""A panel of units of which some get a policy at a date: who is treated when.

Dates are positions 0 to T - 1. A cell is a unit at a date; what no unit has is NaN and takes
no part.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.effects import CellEquations

Span = tuple[int, int]  # first and last horizon of a mean
NEVER = 1_000_000  # position of a policy that does not come
NOTHING = 1e-9  # of the size of a control: less of a spread is rounding


@dataclass(frozen=True)
class EventPanel:
    """An outcome by unit and date, and the date of each unit's policy."""

    Y: Array  # (N, T) outcome, NaN where there is none
    first: np.ndarray  # (N,) position of the first date under the policy, or NEVER
    groups: np.ndarray  # (N,) codes of units that share date effects: zeros for all
    # (N, K) predetermined numbers of units, whose slopes differ by date
    controls: Array | None = None

    @cached_property
    def observed(self) -> np.ndarray:
        """Cells with an outcome, (N, T)."""
        return np.isfinite(self.Y)

    @cached_property
    def horizon(self) -> np.ndarray:
        """Dates since the policy came, negative before it; (N, T)."""
        return np.asarray(np.arange(self.Y.shape[1]) - self.first[:, None])

    @cached_property
    def columns(self) -> Array:
        """Controls less their mean in the group, which effects of group and date take,
        over their spread; (N, K).
        """
        if self.controls is None:
            return np.zeros((len(self.Y), 0))
        seen = np.asarray(self.observed.any(axis=1))
        apart = np.where(seen[:, None], self.controls, 0.0)
        for group in np.unique(self.groups[seen]):
            own = seen & (self.groups == group)
            apart[own] -= apart[own].mean(axis=0)
        spread = np.sqrt((apart[seen] ** 2).mean(axis=0))
        size = np.sqrt((self.controls[seen] ** 2).mean(axis=0))
        return quotient(apart, spread, otherwise=0.0, defined=spread > NOTHING * size)

    @property
    def ever(self) -> np.ndarray:
        """Units that get the policy, sooner or later; (N,)."""
        return np.asarray(self.first < NEVER)

    @cached_property
    def untreated(self) -> np.ndarray:
        """Cells before the policy, (N, T)."""
        return self.observed & (self.horizon < 0)

    @cached_property
    def before(self) -> CellEquations:
        """The normal equations of effects on cells before the policy."""
        return CellEquations(self.untreated, self.groups, self.columns)

    @cached_property
    def treated(self) -> np.ndarray:
        """Cells under the policy, (N, T)."""
        return self.observed & (self.horizon >= 0)

    @property
    def with_effect(self) -> np.ndarray:
        """Cells under the policy of units that are seen before it, (N, T): an effect needs
        dates of the same unit before the policy.
        """
        seen_before = np.asarray(self.untreated.any(axis=1))
        return np.asarray(self.treated & seen_before[:, None])

    def pseudo(self, dates: int) -> Self:
        """Return the panel before any policy, which is taken to come some dates early."""
        before = np.where(self.untreated, self.Y, np.nan)
        early = np.where(self.ever, self.first - dates, NEVER)
        return replace(self, Y=before, first=early)


def determined_control(panel: EventPanel) -> int | None:
    """Return the first control that the groups and the controls before it determine."""
    for k in range(panel.columns.shape[1]):
        if np.linalg.matrix_rank(panel.columns[:, : k + 1], NOTHING) <= k:
            return k
    return None


def checked(panel: EventPanel) -> EventPanel:
    """Refuse a panel in which nothing can be imputed for a reason that has a name."""
    if not panel.treated.any():
        raise NumericsError("no unit has an outcome under the policy")
    if not panel.untreated[panel.ever].any():
        raise NumericsError("no unit has an outcome before its policy")
    dates = panel.first[panel.ever]
    if panel.ever.all() and len(set(dates.tolist())) == 1:
        raise NumericsError(
            f"all {len(dates)} units get the policy at one date, after which none is"
            " without it"
        )
    return panel
