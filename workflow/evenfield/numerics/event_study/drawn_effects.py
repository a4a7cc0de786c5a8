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

NUMBERS_AT_ONCE = 1_000_000  # of units, dates and draws in memory


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
        self._dates = T = Y.shape[1]
        largest = max(len(own) for own in self.members)
        # Equations of slopes are kept for every group, (T, K T) for a draw.
        slopes = len(self.members) * self._columns * T
        self.at_once = max(1, NUMBERS_AT_ONCE // (max(largest, slopes // 4) * T))

    def effects(self, drawn: np.ndarray) -> Iterator[tuple[np.ndarray, DrawnEffects]]:
        """Return the members of each group with their effects when each unit has one of
        the dates; drawn (B, N).
        """
        B = len(drawn)
        size = self._columns * self._dates
        products = np.zeros((B, size, size))
        right = np.zeros((B, size))
        fits = []
        for members, table in zip(self.members, self._groups, strict=True):
            fit = _GroupDraws(table, drawn[:, members])
            fit.add_slope_equations(products, right)
            fits.append(fit)
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
        # H of a kind of cells, as in effects.py.
        self.H = self.kinds[:, :, None] * np.eye(T) - self.products


class _GroupDraws:
    """The normal equations of a group under some draws of dates, solved but for the
    slopes that groups share; drawn (B, n).

    Notes
    -----
    With E the matrix of date effects of a draw and C_k = sum_i x_ik H_i, of which both
    are sums over kinds of cells, slopes are left with sum_i x_ik x_il H_i - C_k E^-1 C_l.
    """

    def __init__(self, table: _GroupTable, drawn: np.ndarray) -> None:
        B = len(drawn)
        P, T = table.kinds.shape
        K = table.X.shape[1]
        self.table = table
        self._row = table.first_row + np.searchsorted(table.dates, drawn)
        self._kind = table.kind[self._row]
        cases, case = _cases(self._by_kind(None))
        counts = cases.astype(float)
        common = (counts @ table.products.reshape(P, -1)).reshape(-1, T, T)
        equations, sets = date_equations(common, counts @ table.kinds)
        # A unit belongs to the set of its first cell, and to none without a cell.
        self.set_of_date = sets[case]
        first_cell = table.first_cell[self._row]
        set_of_cell = np.take_along_axis(
            self.set_of_date, np.maximum(first_cell, 0), axis=1
        )
        self.set_of_unit = np.where(first_cell < 0, -1, set_of_cell)
        right = self._right_sides()
        self._weighted_right = right[:, T:]
        right = right[:, :T]
        # C_k of all draws, (B, K T, T), and C_k E^-1: both are symmetric in the dates
        # that they sum over, so that their transposes are the blocks of a row.
        weights = [self._by_kind(column) for column in table.X.T]
        self._cross = self._summed_kinds(weights, table.H)
        if P * len(cases) <= B:
            # Few equations are solved for each kind of cells, of which draws are sums.
            self._date_effects = np.empty((B, T))
            self._turned = np.empty((B, K * T, T))
            for number, inverse in enumerate(np.linalg.inv(equations)):
                draws = slice(None) if len(cases) == 1 else case == number
                self._date_effects[draws] = right[draws] @ inverse
                if weights:
                    of_draws = [by_kind[draws] for by_kind in weights]
                    solved = self._summed_kinds(of_draws, table.H @ inverse)
                    self._turned[draws] = solved
        else:
            beside = np.concatenate([self._cross, right[:, None]], axis=1)
            solved = np.linalg.solve(equations[case], np.swapaxes(beside, 1, 2))
            self._date_effects = solved[:, :, -1]
            self._turned = np.swapaxes(solved[:, :, :-1], 1, 2)
        self._right = right

    def add_slope_equations(self, products: Array, right: Array) -> None:
        """Add the equations that this group has for the slopes; (B, K T, K T), (B, K T)."""
        X = self.table.X
        B, size = right.shape
        if not size:
            return
        T = self._right.shape[1]
        products -= self._turned @ np.swapaxes(self._cross, 1, 2)
        blocks = products.reshape(B, X.shape[1], T, X.shape[1], T)
        for k, one in enumerate(X.T):
            for m, other in enumerate(X.T):
                pairs = [self._by_kind(one * other)]
                blocks[:, k, :, m] += self._summed_kinds(pairs, self.table.H)
        right += self._weighted_right
        right -= (self._turned @ self._right[:, :, None])[..., 0]

    def parts(self, slopes: Array) -> Parts:
        """Return the effects with these slopes, (B, K T)."""
        return self._parts(self.table.sums[self._row], self._date_effects, slopes)

    def moved(self, slopes: Array) -> Parts:
        """Return what slopes alone do to the effects, (B, K T)."""
        nothing = np.zeros(self._row.shape)
        return self._parts(nothing, np.zeros_like(self._date_effects), slopes)

    def _parts(self, sums: Array, date_effects: Array, slopes: Array) -> Parts:
        table = self.table
        dates = date_effects - (slopes[:, None] @ self._turned)[:, 0]
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

    def _by_kind(self, weights: Array | None) -> np.ndarray:
        """Return the number of units of each kind in each draw, or sums of weights (n,);
        (B, P).
        """
        B = len(self._kind)
        P = len(self.table.kinds)
        kind_of_draw = (self._kind + P * np.arange(B)[:, None]).ravel()
        own = None if weights is None else np.tile(weights, B)
        return np.bincount(kind_of_draw, own, minlength=B * P).reshape(B, P)

    def _summed_kinds(self, weights: list[np.ndarray], of_kinds: Array) -> Array:
        """Return sums over kinds of cells of a matrix each, for W weights of kinds in
        draws below each other; (B, P) each, (P, T, T) -> (B, W T, T).
        """
        P, T = of_kinds.shape[:2]
        flat = of_kinds.reshape(P, T * T)
        if len(weights) == 1:
            return np.asarray((weights[0] @ flat).reshape(-1, T, T))
        sums = np.empty((len(self._kind), 0, T))
        each = [(by_kind @ flat).reshape(-1, T, T) for by_kind in weights]
        return np.concatenate(each, axis=1) if each else sums

    def _right_sides(self) -> Array:
        """Add up the right sides of the rows of each draw; (B, (1 + K) T)."""
        B, n = self._row.shape
        ends = np.arange(B + 1) * n
        shape = (B, len(self.table.right))
        entries = (np.ones(self._row.size), self._row.ravel(), ends)
        return np.asarray(csr_array(entries, shape=shape) @ self.table.right)


def _cases(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each row of numbers once, (C, P), and which of them each row is; (B, P) ->
    (B,).
    """
    if (counts == counts[0]).all():
        return counts[:1], np.zeros(len(counts), dtype=int)
    numbers: dict[bytes, int] = {}
    case = [numbers.setdefault(row.tobytes(), len(numbers)) for row in counts]
    first = np.unique(case, return_index=True)[1]
    return counts[first], np.array(case)
