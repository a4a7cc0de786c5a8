"""Rings around units that got the policy: units without it by how near the nearest one
is (Butts 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.drawn_effects import (
    DrawnEffects,
    FitsBeforeDates,
)
from evenfield.numerics.event_study.panel import NEVER, EventPanel


@dataclass(frozen=True)
class Neighbourhood:
    """Units within each of several radii of a unit."""

    radii: tuple[float, ...]  # (R,) rising
    # for each radius the units and who is that near, sorted by unit
    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]

    def exposure(self, first: np.ndarray) -> np.ndarray:
        """Return the first date of a policy in another unit within each radius; first
        (B, N) -> (R, B, N).
        """
        dates = np.full((len(self.radii), *first.shape), NEVER)
        for of_radius, (units, others) in zip(dates, self.pairs, strict=True):
            if len(units):
                exposed, starts = np.unique(units, return_index=True)
                of_radius[:, exposed] = np.minimum.reduceat(
                    first[:, others], starts, axis=1
                )
        return dates


def neighbourhood(distance: Array, radii: Sequence[float]) -> Neighbourhood:
    """Return who is near whom; distance (N, N), infinite where units are not linked."""
    ends = (0.0, *radii)
    # Not a number is neither above nor below another.
    if not radii or not all(low < high for low, high in pairwise(ends)):
        raise NumericsError(
            f"rings of {list(radii)}: distances must be positive and rise"
        )
    others = ~np.eye(len(distance), dtype=bool)
    pairs = [np.nonzero(others & (distance <= radius)) for radius in radii]
    return Neighbourhood(tuple(radii), tuple((rows, near) for rows, near in pairs))


@dataclass(frozen=True)
class RingDesign:
    """Cells of a panel by distance to the nearest unit under the policy."""

    panel: EventPanel
    near: Neighbourhood

    @cached_property
    def exposure(self) -> np.ndarray:
        """First date of a policy within each radius, (R, N)."""
        return np.asarray(self.near.exposure(self.panel.first[None])[:, 0])

    @property
    def entered(self) -> np.ndarray:
        """First date inside the outermost ring, (N,)."""
        return np.asarray(self.exposure[-1])

    @cached_property
    def since(self) -> np.ndarray:
        """Dates since a unit came inside the outermost ring, (N, T)."""
        return np.asarray(np.arange(self.panel.Y.shape[1]) - self.entered[:, None])

    @cached_property
    def ring(self) -> np.ndarray:
        """Ring of cells without the policy, R beyond all rings; (N, T)."""
        return np.asarray(_ring(self.exposure[:, None], self.panel.Y.shape[1])[0])

    @cached_property
    def far(self) -> np.ndarray:
        """Cells without the policy and with none nearby, (N, T)."""
        beyond = self.ring == len(self.near.radii)
        return np.asarray(self.panel.untreated & beyond)

    @property
    def far_units(self) -> int:
        """Number of units that never have the policy nor one nearby."""
        dates = self.panel.Y.shape[1]
        never = (self.panel.first >= dates) & (self.entered >= dates)
        return int((never & self.panel.observed.any(axis=1)).sum())

    def targets(self, last: int) -> np.ndarray:
        """Return cells of each ring up to some dates after a unit came near; (R, N, T)."""
        rings = np.arange(len(self.near.radii))[:, None, None]
        near = self.panel.untreated & (self.since <= last)
        return np.asarray(near & (self.ring == rings))

    def leaving(self, last: int) -> np.ndarray:
        """Return who leaves when one unit is left out: each unit of a ring by itself,
        and with each unit under the policy those of a ring that it is near; (L, N) of
        bool.
        """
        of_ring: np.ndarray = np.asarray(self.targets(last).any(axis=(0, 2)))
        alone = np.eye(len(of_ring))[of_ring] > 0
        units, others = self.near.pairs[-1]
        leaving: list[np.ndarray] = list(alone)
        for source in np.flatnonzero(self.panel.treated.any(axis=1)):
            beside = np.isin(np.arange(len(of_ring)), units[others == source])
            if (beside & of_ring).any():
                leaving.append(beside & of_ring)
        return np.array(leaving, dtype=bool).reshape(-1, len(of_ring))

    def permuted_means(self, first: np.ndarray, last: int) -> Array:
        """Return the mean gap of each ring when policies come at other dates; first (B,
        N) -> (B, R).
        """
        return self._means(first, np.zeros(first.shape, dtype=bool), last)

    def means_without(self, leaving: np.ndarray, last: int) -> Array:
        """Return the mean gap of each ring when some units have no outcome, with all
        policies where they are; (L, N) of bool -> (L, R).
        """
        first = np.broadcast_to(self.panel.first, leaving.shape)
        return self._means(first, leaving, last)

    def _means(self, first: np.ndarray, leaving: np.ndarray, last: int) -> Array:
        """Return the mean gap of each ring with some dates and without some units; (B,
        N) each -> (B, R).
        """
        panel = self.panel
        B = len(first)
        R = len(self.near.radii)
        dates = np.unique(np.append(first, [0, NEVER]))
        fits = FitsBeforeDates(panel.Y, panel.groups, panel.columns, dates)
        sums, cells = np.zeros((2, B, R))
        for start in range(0, B, fits.at_once):
            block = slice(start, start + fits.at_once)
            exposure = self.near.exposure(first[block])
            # A unit that leaves comes near no policy, and has no cell before any.
            exposure[:, leaving[block]] = NEVER
            clean_until = np.minimum(first[block], exposure[-1])
            clean_until[leaving[block]] = 0
            for members, effects in fits.effects(clean_until):
                of_group = _added_by_ring(
                    panel.Y[members],
                    effects,
                    first[block, members],
                    exposure[..., members],
                    last,
                )
                sums[block] += of_group[0]
                cells[block] += of_group[1]
        return quotient(sums, cells)


def _added_by_ring(
    Y: Array,
    effects: DrawnEffects,
    first: np.ndarray,
    exposure: np.ndarray,
    last: int,
) -> tuple[Array, np.ndarray]:
    """Return sum and number of the gaps of a group by draw and ring; Y (n, T), first (B,
    n), exposure (R, B, n) -> (B, R) each.
    """
    R, B = exposure.shape[:2]
    time = np.arange(Y.shape[1])
    entered = exposure[-1]
    # One row for a draw and a unit that comes near the policy.
    draw, unit = np.nonzero(entered < len(time))
    gaps = Y[unit] - effects.predicted(draw, unit)
    since = time - entered[draw, unit][:, None]
    near = (since >= 0) & (since <= last) & (time < first[draw, unit][:, None])
    near &= np.isfinite(gaps)
    ring = _ring(exposure[:, draw, unit], len(time))
    draw_and_ring = (draw[:, None] * R + ring)[near]
    sums = np.asarray(
        np.bincount(draw_and_ring, gaps[near], minlength=B * R), dtype=float
    )
    cells = np.bincount(draw_and_ring, minlength=B * R)
    return sums.reshape(B, R), cells.reshape(B, R)


def _ring(exposure: np.ndarray, dates: int) -> np.ndarray:
    """Return the ring of the nearest unit under the policy at each date; exposure (R,
    ...) -> (..., T), R where none is near.
    """
    # An outer radius holds the inner ones, so that rings that are reached count down.
    reached = np.arange(dates) >= exposure[..., None]
    return np.asarray(len(exposure) - reached.sum(axis=0))
