"""Unit effects and effects of group and date, fitted to some cells of a panel.

A unit belongs to one group, so that every group is a panel of its own with unit and date
effects. Unit effects are eliminated first: what is left is one equation a date, however
many units there are, and it is solved for many panels at once.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array

DRAWS_OF_A_CASE = 4  # on average, from which draws of a case are solved together


def fitted_cells(totals: Array, cells: np.ndarray, groups: np.ndarray) -> Array:
    """Return a_i + d_gt whose sums over ``cells`` by unit and by group and date are
    those of ``totals``; totals and cells (..., N, T), groups (N,) -> (..., N, T), NaN
    where the cells do not tie unit and date together.

    Notes
    -----
    These are the normal equations of Y_it = a_i + d_gt + e_it by least squares:
    ``totals`` is the outcome in the cells, and zero elsewhere, for fitted values.
    """
    fitted = np.empty(np.broadcast_shapes(totals.shape, cells.shape))
    for group in range(int(groups.max()) + 1):
        members = np.flatnonzero(groups == group)
        fitted[..., members, :] = _fitted_group(
            totals[..., members, :], cells[..., members, :]
        )
    return fitted


def _fitted_group(totals: Array, cells: np.ndarray) -> Array:
    """Solve the normal equations of one group; totals and cells (..., n, T).

    Notes
    -----
    With U the cells as zeros and ones and n_i = sum_t U_it, unit effects are a_i = (sum_t
    totals_it - sum_t U_it d_t) / n_i, and date effects solve, with mean_i = sum_t
    totals_it / n_i,

        (diag(sum_i U_it) - U' diag(1 / n_i) U) d = sum_i (totals_it - U_it mean_i).
    """
    U = cells.astype(float)
    counts = np.maximum(U.sum(axis=-1), 1.0)
    shares = U / counts[..., None]
    common = np.swapaxes(U, -1, -2) @ shares
    equations, set_of_date = _date_equations(common, U.sum(axis=-2))
    unit_sums = totals.sum(axis=-1)
    right = (totals - shares * unit_sums[..., None]).sum(axis=-2)
    date_effects = np.linalg.solve(equations, right[..., None])[..., 0]
    explained = (U * date_effects[..., None, :]).sum(axis=-1)
    unit_effects = (unit_sums - explained) / counts
    # A unit belongs to the set of its first cell, and to none without a cell.
    first_cell = cells.argmax(axis=-1)
    set_of_cell = np.take_along_axis(set_of_date, first_cell, axis=-1)
    set_of_unit = np.where(cells.any(axis=-1), set_of_cell, -1)
    tied = set_of_unit[..., :, None] == set_of_date[..., None, :]
    sums = unit_effects[..., :, None] + date_effects[..., None, :]
    return np.where(tied, sums, np.nan)


class DrawnEffects(NamedTuple):
    """Effects of one group under many draws; cells of a unit and a date are predicted
    where both are in one set of dates that hang together.
    """

    units: Array  # (B, n)
    dates: Array  # (B, T)
    set_of_unit: np.ndarray  # (B, n), -1 for a unit without a cell
    set_of_date: np.ndarray  # (B, T)

    def predicted(self, draw: np.ndarray, unit: np.ndarray) -> Array:
        """Return the prediction for some units in all dates, NaN where there is none;
        draw and unit (R,) -> (R, T).
        """
        sums = self.units[draw, unit][:, None] + self.dates[draw]
        tied = self.set_of_unit[draw, unit][:, None] == self.set_of_date[draw]
        return np.where(tied, sums, np.nan)


class FitsBeforeDates:
    """Effects fitted to the cells of each unit of a group before a date that is drawn.

    What a unit adds to the normal equations rests on its date alone, so that a draw
    adds up rows of a table, and draws with the same equations are solved at once. The
    tables have one row for each unit and date, (n D, ...).
    """

    def __init__(self, Y: Array, dates: np.ndarray) -> None:
        """Y (n, T), NaN where there is no outcome, and the dates that can be drawn (D,),
        sorted.
        """
        n, T = Y.shape
        self.dates = dates
        before = np.arange(T) < dates[:, None]
        cells = (np.isfinite(Y)[:, None] & before).reshape(-1, T)
        totals = np.where(cells, np.repeat(Y, len(dates), axis=0), 0.0)
        self._counts = np.maximum(cells.sum(axis=1), 1.0)
        self._sums = totals.sum(axis=1)
        self._first_cell = np.where(cells.any(axis=1), cells.argmax(axis=1), -1)
        means = (self._sums / self._counts)[:, None]
        self._right = totals - np.where(cells, means, 0.0)
        # Units with the same cells have the same part in the matrix of the equations:
        # the kinds of cells, (P, T), and the kind of each row.
        kinds, kind = np.unique(cells, axis=0, return_inverse=True)
        self._kinds = kinds.astype(float)
        self._kind = kind.ravel()
        self._first_row = np.arange(n) * len(dates)

    def effects(self, drawn: np.ndarray) -> DrawnEffects:
        """Return the effects when each unit has one of the dates; drawn (B, n)."""
        row = self._first_row + np.searchsorted(self.dates, drawn)
        kind = self._kind[row]
        cases, case = self._cases(kind)
        equations, sets = _equations_of_kinds(cases.astype(float), self._kinds)
        dates = _solved(equations, case, self._right_sides(row))
        explained = np.take_along_axis(dates @ self._kinds.T, kind, axis=1)
        # A unit belongs to the set of its first cell, and to none without a cell.
        set_of_date = sets[case]
        first_cell = self._first_cell[row]
        set_of_cell = np.take_along_axis(set_of_date, np.maximum(first_cell, 0), axis=1)
        return DrawnEffects(
            units=(self._sums[row] - explained) / self._counts[row],
            dates=dates,
            set_of_unit=np.where(first_cell < 0, -1, set_of_cell),
            set_of_date=set_of_date,
        )

    def _cases(self, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how many units of each kind draws have, each case once, (C, P), and
        the case of each draw, (B,); kind (B, n).
        """
        B = len(kind)
        P = len(self._kinds)
        kind_of_draw = kind + P * np.arange(B)[:, None]
        counts = np.bincount(kind_of_draw.ravel(), minlength=B * P)
        cases, case = np.unique(counts.reshape(B, -1), axis=0, return_inverse=True)
        return cases, case.ravel()

    def _right_sides(self, row: np.ndarray) -> Array:
        """Add up the right sides of the rows of each draw; row (B, n) -> (B, T)."""
        B, n = row.shape
        ends = np.arange(B + 1) * n
        shape = (B, len(self._right))
        chosen = csr_array((np.ones(row.size), row.ravel(), ends), shape=shape)
        return np.asarray(chosen @ self._right)


def _solved(equations: Array, case: np.ndarray, right: Array) -> Array:
    """Return the date effects of each draw: few equations are solved for all of their
    draws, many each for its own; equations (C, T, T), case (B,), right (B, T).
    """
    if len(equations) >= len(case) / DRAWS_OF_A_CASE:
        return np.asarray(np.linalg.solve(equations[case], right[..., None])[..., 0])
    dates = np.empty(right.shape)
    for number, equation in enumerate(equations):
        draws = np.flatnonzero(case == number)
        dates[draws] = np.linalg.solve(equation, right[draws].T).T
    return dates


def _equations_of_kinds(counts: Array, kinds: Array) -> tuple[Array, np.ndarray]:
    """Return the matrices of the normal equations of date effects and the sets of dates,
    by the number of units of each kind of cells; counts (C, P), kinds (P, T).
    """
    T = kinds.shape[1]
    shares = kinds / np.maximum(kinds.sum(axis=1, keepdims=True), 1.0)
    products = kinds[:, :, None] * shares[:, None, :]
    common = (counts @ products.reshape(len(kinds), -1)).reshape(-1, T, T)
    return _date_equations(common, counts @ kinds)


def _date_equations(common: Array, cells_of_date: Array) -> tuple[Array, np.ndarray]:
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
