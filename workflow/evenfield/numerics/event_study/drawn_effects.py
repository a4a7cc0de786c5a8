"""Effects fitted to the cells of each unit before a date that is drawn: the fits of
effects.py for many draws of dates at once.

What a unit adds to the normal equations rests on its date alone, so that a draw adds up
rows of a table, and draws with the same equations of date effects are solved at once.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.event_study.effects import date_equations
from evenfield.numerics.event_study.slopes import NOT_DETERMINED, solved_slopes

DRAWS_OF_A_CASE = 4  # on average, from which draws of a case are solved together
NUMBERS_AT_ONCE = 2_000_000  # of units, dates and draws in memory


class Parts(NamedTuple):
    """Effects of one group under many draws, a part each."""

    units: Array  # (B, n)
    dates: Array  # (B, T)
    slopes: Array  # (B, K, T)

    def sums(self, draw: np.ndarray, unit: np.ndarray, X: Array) -> Array:
        """Return a_i + g_t + x_i'd_t of some units in all dates; draw and unit (R,),
        columns (n, K) -> (R, T).
        """
        sums = self.units[draw, unit][:, None] + self.dates[draw]
        for k, column in enumerate(X.T):
            sums += column[unit, None] * self.slopes[draw, k]
        return np.asarray(sums)


class DrawnEffects(NamedTuple):
    """Effects of one group under many draws; cells of a unit and a date are predicted
    where both are in one set of dates that hang together, and where no slope that is
    free moves them.
    """

    parts: Parts
    free: list[Parts]
    X: Array  # (n, K)
    set_of_unit: np.ndarray  # (B, n), -1 for a unit without a cell
    set_of_date: np.ndarray  # (B, T)

    def predicted(self, draw: np.ndarray, unit: np.ndarray) -> Array:
        """Return the prediction for some units in all dates, NaN where there is none;
        draw and unit (R,) -> (R, T).
        """
        tied = self.set_of_unit[draw, unit][:, None] == self.set_of_date[draw]
        for parts in self.free:
            tied &= np.abs(parts.sums(draw, unit, self.X)) < NOT_DETERMINED
        return np.where(tied, self.parts.sums(draw, unit, self.X), np.nan)


class FitsBeforeDates:
    """Effects of a panel fitted to the cells of each unit before a date that is drawn."""

    def __init__(
        self, Y: Array, groups: np.ndarray, X: Array, dates: np.ndarray
    ) -> None:
        """Y (N, T), NaN where there is no outcome, groups (N,), columns (N, K), and the
        dates that can be drawn (D,), sorted.
        """
        codes = np.unique(groups)
        self.members = [np.flatnonzero(groups == group) for group in codes]
        self._groups = [_GroupTable(Y[own], X[own], dates) for own in self.members]
        self._columns = X.shape[1]
        T = Y.shape[1]
        largest = max(len(own) for own in self.members)
        # Equations of slopes are kept for every group, (T, K T) for a draw.
        slopes = len(self.members) * self._columns * T
        self.at_once = max(1, NUMBERS_AT_ONCE // (max(largest, slopes // 4) * T))

    def effects(self, drawn: np.ndarray) -> Iterator[tuple[np.ndarray, DrawnEffects]]:
        """Return the members of each group with their effects when each unit has one of
        the dates; drawn (B, N).
        """
        fits = []
        for members, table in zip(self.members, self._groups, strict=True):
            fits.append(_GroupDraws(table, drawn[:, members]))
        products = np.sum([fit.products for fit in fits], axis=0)
        right = np.sum([fit.right for fit in fits], axis=0)
        slopes = solved_slopes(products, right, self._columns)
        for members, fit in zip(self.members, fits, strict=True):
            yield (
                members,
                DrawnEffects(
                    parts=fit.parts(slopes.values),
                    free=[fit.moved(direction) for direction in slopes.free],
                    X=fit.table.X,
                    set_of_unit=fit.set_of_unit,
                    set_of_date=fit.set_of_date,
                ),
            )


class _GroupTable:
    """What each unit of a group adds to the normal equations under each date: tables
    with one row for each unit and date, (n D, ...).
    """

    def __init__(self, Y: Array, X: Array, dates: np.ndarray) -> None:
        n, T = Y.shape
        self.X = X
        self.dates = dates
        before = np.arange(T) < dates[:, None]
        cells = (np.isfinite(Y)[:, None] & before).reshape(-1, T)
        totals = np.where(cells, np.repeat(Y, len(dates), axis=0), 0.0)
        self.counts = np.maximum(cells.sum(axis=1), 1.0)
        self.sums = totals.sum(axis=1)
        self.first_cell = np.where(cells.any(axis=1), cells.argmax(axis=1), -1)
        means = (self.sums / self.counts)[:, None]
        right = totals - np.where(cells, means, 0.0)
        # With each column as a weight, beside the sums of dates.
        weights = np.column_stack([np.ones(n), X]).repeat(len(dates), axis=0)
        self.right = (weights[:, :, None] * right[:, None, :]).reshape(len(right), -1)
        # Units with the same cells have the same part in the matrix of the equations:
        # the kinds of cells, (P, T), and the kind of each row.
        kinds, kind = np.unique(cells, axis=0, return_inverse=True)
        self.kinds = kinds.astype(float)
        self.kind = kind.ravel()
        self.first_row = np.arange(n) * len(dates)
        shares = self.kinds / np.maximum(self.kinds.sum(axis=1, keepdims=True), 1.0)
        self.products = self.kinds[:, :, None] * shares[:, None, :]


class _GroupDraws:
    """The normal equations of a group under some draws of dates, solved but for the
    slopes that groups share; drawn (B, n).
    """

    def __init__(self, table: _GroupTable, drawn: np.ndarray) -> None:
        B, n = drawn.shape
        T = table.kinds.shape[1]
        K = table.X.shape[1]
        self.table = table
        row = table.first_row + np.searchsorted(table.dates, drawn)
        kind = table.kind[row]
        self._row, self._kind = row, kind
        cases, case = self._cases()
        counts = cases.astype(float)
        common = (counts @ table.products.reshape(len(table.kinds), -1)).reshape(
            -1, T, T
        )
        equations, sets = date_equations(common, counts @ table.kinds)
        right = self._right_sides()
        self._date_effects = _solved(equations, case, right[:, :T, None])[..., 0]
        # A unit belongs to the set of its first cell, and to none without a cell.
        self.set_of_date = sets[case]
        first_cell = table.first_cell[row]
        set_of_cell = np.take_along_axis(
            self.set_of_date, np.maximum(first_cell, 0), axis=1
        )
        self.set_of_unit = np.where(first_cell < 0, -1, set_of_cell)
        # H of a kind of cells, as in effects.py.
        H = table.kinds[:, :, None] * np.eye(T) - table.products
        cross = np.swapaxes(self._weighted(table.X, H), 1, 2).reshape(B, T, K * T)
        self._date_slopes = self._solved_cross(equations, case, H, cross)
        pairs = table.X[:, :, None] * table.X[:, None, :]
        own = self._weighted(pairs.reshape(n, K * K), H).reshape(B, K, K, T, T)
        own = np.swapaxes(own, 2, 3).reshape(B, K * T, K * T)
        turned = np.swapaxes(self._date_slopes, 1, 2)
        self.products = own - np.swapaxes(cross, 1, 2) @ self._date_slopes
        self.right = right[:, T:] - (turned @ right[:, :T, None])[..., 0]

    def _solved_cross(
        self, equations: Array, case: np.ndarray, H: Array, cross: Array
    ) -> Array:
        """Solve for what slopes take from date effects; cross (B, T, K T)."""
        P, T = len(H), H.shape[1]
        if not cross.size or P * len(equations) > len(case) / DRAWS_OF_A_CASE:
            return _solved(equations, case, cross)
        # Few equations are solved for each kind of cells, of which draws are sums.
        beside = np.swapaxes(H, 0, 1).reshape(T, P * T)
        solved = np.linalg.solve(equations, beside).reshape(-1, T, P, T)
        by_kind = np.swapaxes(solved, 1, 2)
        out = np.empty(cross.shape)
        for number, own in enumerate(by_kind):
            draws = case == number
            weighted = self._weighted(self.table.X, own, draws)
            out[draws] = np.swapaxes(weighted, 1, 2).reshape(-1, *cross.shape[1:])
        return out

    def parts(self, slopes: Array) -> Parts:
        """Return the effects with these slopes, (B, K T)."""
        return self._parts(self.table.sums[self._row], self._date_effects, slopes)

    def moved(self, slopes: Array) -> Parts:
        """Return what slopes alone do to the effects, (B, K T)."""
        nothing = np.zeros(self._row.shape)
        return self._parts(nothing, np.zeros_like(self._date_effects), slopes)

    def _parts(self, sums: Array, date_effects: Array, slopes: Array) -> Parts:
        table = self.table
        dates = date_effects - (self._date_slopes @ slopes[..., None])[..., 0]
        by_column = slopes.reshape(len(slopes), table.X.shape[1], dates.shape[1])
        explained = self._summed_over_cells(dates)
        for k, column in enumerate(table.X.T):
            explained += column * self._summed_over_cells(by_column[:, k])
        units = (sums - explained) / table.counts[self._row]
        return Parts(units, dates, by_column)

    def _summed_over_cells(self, of_dates: Array) -> Array:
        """Return sums of numbers of dates over the cells of each unit; (B, T) -> (B, n)."""
        by_kind = of_dates @ self.table.kinds.T
        return np.take_along_axis(by_kind, self._kind, axis=1)

    def _cases(self) -> tuple[np.ndarray, np.ndarray]:
        """Return how many units of each kind draws have, each case once, (C, P), and
        the case of each draw, (B,).
        """
        counts = self._by_kind(None)
        cases, case = np.unique(counts, axis=0, return_inverse=True)
        return cases, case.ravel()

    def _by_kind(self, weights: Array | None) -> np.ndarray:
        """Return the number of units of each kind in each draw, or sums of weights (n,);
        (B, P).
        """
        B = len(self._kind)
        P = len(self.table.kinds)
        kind_of_draw = (self._kind + P * np.arange(B)[:, None]).ravel()
        own = None if weights is None else np.tile(weights, B)
        return np.bincount(kind_of_draw, own, minlength=B * P).reshape(B, P)

    def _weighted(
        self, weights: Array, H: Array, draws: np.ndarray | None = None
    ) -> Array:
        """Return sum_i w_ik H_i of each draw and weight, or of some draws; weights (n,
        W), H (P, T, T) -> (B, W, T, T).
        """
        flat = H.reshape(len(H), -1)
        sums = []
        for weight in weights.T:
            by_kind = self._by_kind(weight)
            sums.append((by_kind if draws is None else by_kind[draws]) @ flat)
        B = len(self._kind) if draws is None else int(draws.sum())
        if not sums:
            return np.zeros((B, 0, *H.shape[1:]))
        return np.stack(sums, axis=1).reshape(B, len(sums), *H.shape[1:])

    def _right_sides(self) -> Array:
        """Add up the right sides of the rows of each draw; (B, (1 + K) T)."""
        B, n = self._row.shape
        ends = np.arange(B + 1) * n
        shape = (B, len(self.table.right))
        entries = (np.ones(self._row.size), self._row.ravel(), ends)
        return np.asarray(csr_array(entries, shape=shape) @ self.table.right)


def _solved(equations: Array, case: np.ndarray, right: Array) -> Array:
    """Return the solutions of each draw: few equations are solved for all of their
    draws, many each for its own; equations (C, T, T), case (B,), right (B, T, R).
    """
    if not right.size:
        return right
    if len(equations) >= len(case) / DRAWS_OF_A_CASE:
        return np.asarray(np.linalg.solve(equations[case], right))
    solution = np.empty(right.shape)
    for number, equation in enumerate(equations):
        draws = np.flatnonzero(case == number)
        # The right sides of all draws next to each other, (T, draws R).
        beside = np.moveaxis(right[draws], 0, 1)
        solved = np.linalg.solve(equation, beside.reshape(len(equation), -1))
        solution[draws] = np.moveaxis(solved.reshape(beside.shape), 1, 0)
    return solution
