"""Unit effects, effects of group and date, and slopes by date of predetermined columns,
fitted to some cells of a panel.

A unit belongs to one group, so that every group is a panel of its own but for the slopes,
which groups share. Unit effects are eliminated first, then the effects of dates in each
group: what is left is one equation for a column and date, however many units there are.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.event_study.slopes import NOT_DETERMINED, solved_slopes


class CellEquations:
    """The normal equations of effects on some cells, made once for all that is fitted to
    these cells.

    Notes
    -----
    Those of Y_it = a_i + g_(group,t) + x_i'd_t + e_it by least squares: ``totals`` is the
    outcome in the cells, and zero elsewhere, for fitted values.
    """

    def __init__(
        self, cells: np.ndarray, groups: np.ndarray, columns: Array | None = None
    ) -> None:
        """Cells (N, T), codes of groups (N,), columns (N, K)."""
        X = np.zeros((len(groups), 0)) if columns is None else columns
        self.cells = cells
        self._columns = X.shape[1]
        self._stacks = [
            (stack, _GroupEquations(stack.of(cells), stack.of(X)))
            for stack in group_stacks(groups)
        ]
        K, T = self._columns, cells.shape[1]
        self._products = np.zeros((K * T, K * T))
        for _, groups_of_stack in self._stacks:
            self._products += groups_of_stack.products.sum(axis=0)

    @property
    def slopes_determined(self) -> int:
        """How many slopes by date the cells determine beside unit effects and effects of
        group and date.
        """
        most = self._columns * (self.cells.shape[1] - 1)
        return int(most - len(self._free))

    def fitted(self, totals: Array) -> Array:
        """Return a_i + g_(group,t) + x_i'd_t whose sums over the cells by unit, by group
        and date, and by date with each column as weights, are those of ``totals``;
        totals (..., N, T) -> (..., N, T), NaN where the cells do not determine it.
        """
        sides = []
        for stack, groups in self._stacks:
            sides.append(groups.right_sides(stack.of(totals)))
        right = np.sum([side.slopes.sum(axis=-2) for side in sides], axis=0)
        slopes = solved_slopes(self._products, right, self._columns).values
        fitted = np.empty(totals.shape)
        for (stack, groups), side in zip(self._stacks, sides, strict=True):
            of_groups = groups.sums(side.unit_sums, side.dates, slopes)
            fitted[..., stack.units, :] = of_groups[..., stack.present, :]
        return np.where(self._determined, fitted, np.nan)

    @cached_property
    def _free(self) -> Array:
        """Directions of slopes that the cells do not determine, (F, K T)."""
        nothing = np.zeros(len(self._products))
        return solved_slopes(self._products, nothing, self._columns).free

    @cached_property
    def _determined(self) -> np.ndarray:
        """Cells of the panel that can be predicted, (N, T)."""
        determined = np.zeros(self.cells.shape, dtype=bool)
        for stack, groups in self._stacks:
            own = groups.tied
            G, n, T = own.shape
            for direction in self._free:
                moved = groups.sums(np.zeros((G, n)), np.zeros((G, T)), direction)
                own = own & (np.abs(moved) < NOT_DETERMINED)
            determined[stack.units] = own[stack.present]
        return determined


class GroupStack(NamedTuple):
    """Groups of about one size, on top of each other: n units each, some of them none."""

    members: np.ndarray  # (G, n) positions of units, any where there is none
    present: np.ndarray  # (G, n) whether there is one

    @property
    def units(self) -> np.ndarray:
        """Positions of the units that there are, in the order of ``present``."""
        return np.asarray(self.members[self.present])

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return rows of units, zero where there is none; (..., N, M) -> (..., G, n, M)."""
        rows = np.asarray(values[..., self.members, :])
        if not self.present.all():
            rows[..., ~self.present, :] = 0
        return rows


def group_stacks(groups: np.ndarray) -> list[GroupStack]:
    """Stack groups whose sizes have one power of two above them; codes (N,)."""
    sizes = np.bincount(groups)
    order = np.argsort(groups, kind="stable")
    starts = np.cumsum(sizes) - sizes
    stacks = []
    powers = np.ceil(np.log2(np.maximum(sizes, 1)))
    for power in np.unique(powers[sizes > 0]):
        own = np.flatnonzero((powers == power) & (sizes > 0))
        place = np.arange(sizes[own].max())
        present = place < sizes[own, None]
        position = np.where(present, starts[own, None] + place, 0)
        stacks.append(GroupStack(order[position], present))
    return stacks


class RightSides(NamedTuple):
    """Right sides of the normal equations of groups."""

    unit_sums: Array  # (..., G, n)
    dates: Array  # (..., G, T) date effects without slopes
    slopes: Array  # (..., G, K T) of the slopes that groups share


class _GroupEquations:
    """The normal equations of groups, solved but for the slopes that groups share.

    Notes
    -----
    With U the cells as zeros and ones, n_i = sum_t U_it and H_i = diag(U_i) - U_i U_i' /
    n_i, unit effects are eliminated by H_i, and date effects g and slopes d solve

        sum_i H_i g + sum_i (x_i' o H_i) d = sum_i H_i totals_i,

    and the same with each x_ik as a weight.
    """

    def __init__(self, cells: np.ndarray, X: Array) -> None:
        """Cells (G, n, T), columns (G, n, K)."""
        U = cells.astype(float)
        self._cells = cells
        self._U = U
        self._X = X
        self._counts = np.maximum(U.sum(axis=-1), 1.0)
        self._shares = U / self._counts[..., None]
        common = np.swapaxes(U, -1, -2) @ self._shares
        self._equations, self._set_of_date = date_equations(common, U.sum(axis=-2))
        by_column = _weighted(U, X)
        cross = _summed(U, X) - np.swapaxes(self._shares, -1, -2) @ by_column
        self._date_slopes = np.linalg.solve(self._equations, cross)
        own = _own_products(U, X)
        own -= np.swapaxes(by_column, -1, -2) @ _weighted(self._shares, X)
        # (G, K T, K T)
        self.products = own - np.swapaxes(cross, -1, -2) @ self._date_slopes

    def right_sides(self, totals: Array) -> RightSides:
        """Return right sides for totals (..., G, n, T)."""
        unit_sums = totals.sum(axis=-1)
        rest = totals - self._shares * unit_sums[..., None]
        right = rest.sum(axis=-2)
        # Right sides next to each other, so that equations are solved once.
        beside = np.moveaxis(right.reshape(-1, *right.shape[-2:]), 0, -1)
        solved = np.linalg.solve(self._equations, beside)
        dates = np.moveaxis(solved, -1, 0).reshape(right.shape)
        weighted = np.einsum("...it,...ik->...kt", rest, self._X)
        weighted = weighted.reshape(*right.shape[:-1], self._date_slopes.shape[-1])
        turned = np.swapaxes(self._date_slopes, -1, -2)
        moved = (turned @ right[..., None])[..., 0]
        return RightSides(unit_sums, dates, weighted - moved)

    @cached_property
    def tied(self) -> np.ndarray:
        """Whether a unit and a date are in one set of dates that hang together, (G, n,
        T).
        """
        # A unit belongs to the set of its first cell, and to none without a cell.
        first_cell = self._cells.argmax(axis=-1)
        set_of_cell = np.take_along_axis(self._set_of_date, first_cell, axis=-1)
        set_of_unit = np.where(self._cells.any(axis=-1), set_of_cell, -1)
        return np.asarray(set_of_unit[..., None] == self._set_of_date[..., None, :])

    def sums(self, unit_sums: Array, date_effects: Array, slopes: Array) -> Array:
        """Return a_i + g_t + x_i'd_t in all cells, (..., G, n, T), for sums of units
        (..., G, n), date effects without slopes (..., G, T) and slopes (..., K T).
        """
        X = self._X
        taken = (self._date_slopes @ slopes[..., None, :, None])[..., 0]
        T = date_effects.shape[-1]
        by_column = slopes.reshape(*slopes.shape[:-1], 1, X.shape[-1], T)
        by_date = (date_effects - taken)[..., None, :] + X @ by_column
        explained = (self._U * by_date).sum(axis=-1)
        unit_effects = (unit_sums - explained) / self._counts
        return np.asarray(unit_effects[..., None] + by_date)


def _weighted(U: Array, X: Array) -> Array:
    """Return x_ik U_it; U (..., n, T), X (..., n, K) -> (..., n, K T)."""
    weighted = X[..., None] * U[..., None, :]
    return np.asarray(weighted.reshape(*U.shape[:-1], X.shape[-1] * U.shape[-1]))


def _summed(U: Array, X: Array) -> Array:
    """Return diag(sum_i x_ik U_it) of each column side by side, (..., T, K T)."""
    T = U.shape[-1]
    sums = np.einsum("...it,...ik->...kt", U, X)
    blocks = np.einsum("...kt,ts->...tks", sums, np.eye(T))
    return np.asarray(blocks.reshape(*U.shape[:-2], T, X.shape[-1] * T))


def _own_products(U: Array, X: Array) -> Array:
    """Return diag(sum_i x_ik x_il U_it) of each pair of columns, (..., K T, K T)."""
    T = U.shape[-1]
    size = X.shape[-1] * T
    sums = np.einsum("...it,...ik,...il->...klt", U, X, X)
    blocks = np.einsum("...klt,ts->...ktls", sums, np.eye(T))
    return np.asarray(blocks.reshape(*U.shape[:-2], size, size))


def date_equations(common: Array, cells_of_date: Array) -> tuple[Array, np.ndarray]:
    """Return the matrix of the normal equations of date effects and the set of each
    date; common U' diag(1 / n_i) U, (..., T, T), and the cells of each date, (..., T).
    """
    diagonal = np.arange(common.shape[-1])
    equations = -common
    equations[..., diagonal, diagonal] += cells_of_date
    # A constant may move between unit and date effects of each set of dates that hang
    # together: their date effects sum to zero.
    set_of_date = _sets_of_dates(common > 0)
    together = set_of_date[..., :, None] == set_of_date[..., None, :]
    return equations + together, set_of_date


def _sets_of_dates(linked: np.ndarray) -> np.ndarray:
    """Return the earliest date that each date is tied to by units with cells at both,
    directly or over others; linked (..., T, T) -> (..., T).
    """
    T = linked.shape[-1]
    labels = np.broadcast_to(np.arange(T), linked.shape[:-1])
    while True:
        of_neighbours = np.where(linked, labels[..., None, :], T).min(axis=-1)
        smaller = np.minimum(labels, of_neighbours)
        if np.array_equal(smaller, labels):
            return np.asarray(smaller)
        labels = smaller
