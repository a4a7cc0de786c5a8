"""Unit effects, effects of group and date, and slopes by date of predetermined columns,
fitted to some cells of a panel.

A unit belongs to one group, so that every group is a panel of its own but for the slopes,
which groups share. Unit effects are eliminated first, then the effects of dates in each
group: what is left is one equation for a column and date, however many units there are.
"""

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.event_study.slopes import (
    NOT_DETERMINED,
    Slopes,
    solved_slopes,
)


def fitted_cells(
    totals: Array, cells: np.ndarray, groups: np.ndarray, columns: Array | None = None
) -> Array:
    """Return a_i + g_(group,t) + x_i'd_t whose sums over ``cells`` by unit, by group and
    date, and by date with each column as weights, are those of ``totals``; totals and
    cells (..., N, T), groups (N,), columns (N, K) -> (..., N, T), NaN where the cells do
    not determine it.

    Notes
    -----
    These are the normal equations of Y_it = a_i + g_(group,t) + x_i'd_t + e_it by least
    squares: ``totals`` is the outcome in the cells, and zero elsewhere, for fitted values.
    """
    X = np.zeros((len(groups), 0)) if columns is None else columns
    fitted = np.empty(np.broadcast_shapes(totals.shape, cells.shape))
    fits = []
    for group in range(int(groups.max()) + 1):
        members = np.flatnonzero(groups == group)
        own = _GroupFit(totals[..., members, :], cells[..., members, :], X[members])
        fits.append((members, own))
    slopes = _slopes([fit for _, fit in fits], X.shape[1])
    for members, fit in fits:
        fitted[..., members, :] = fit.fitted(slopes)
    return fitted


def slopes_determined(cells: np.ndarray, groups: np.ndarray, columns: Array) -> int:
    """Return how many slopes by date the cells determine beside unit effects and effects
    of group and date; cells (N, T), groups (N,), columns (N, K).
    """
    dates, K = cells.shape[1], columns.shape[1]
    if not K:
        return 0
    nothing = np.zeros(cells.shape)
    fits = []
    for group in range(int(groups.max()) + 1):
        own = groups == group
        fits.append(_GroupFit(nothing[own], cells[own], columns[own]))
    return int(K * (dates - 1) - len(_slopes(fits, K).free))


class _GroupFit:
    """The normal equations of one group, solved but for the slopes that groups share.

    Notes
    -----
    With U the cells as zeros and ones, n_i = sum_t U_it and H_i = diag(U_i) - U_i U_i' /
    n_i, unit effects are eliminated by H_i, and date effects g and slopes d solve

        sum_i H_i g + sum_i (x_i' o H_i) d = sum_i H_i totals_i,

    and the same with each x_ik as a weight.
    """

    def __init__(self, totals: Array, cells: np.ndarray, X: Array) -> None:
        """Totals and cells (..., n, T), columns (n, K)."""
        U = cells.astype(float)
        self._cells = cells
        self._U = U
        self._X = X
        self._counts = np.maximum(U.sum(axis=-1), 1.0)
        shares = U / self._counts[..., None]
        common = np.swapaxes(U, -1, -2) @ shares
        equations, self._set_of_date = date_equations(common, U.sum(axis=-2))
        self._unit_sums = totals.sum(axis=-1)
        rest = totals - shares * self._unit_sums[..., None]
        right = rest.sum(axis=-2)
        self._date_effects = np.linalg.solve(equations, right[..., None])[..., 0]
        by_column = _weighted(U, X)
        cross = _summed(U, X) - np.swapaxes(shares, -1, -2) @ by_column
        self._date_slopes = np.linalg.solve(equations, cross)
        own = _own_products(U, X) - np.swapaxes(by_column, -1, -2) @ _weighted(
            shares, X
        )
        self.products = own - np.swapaxes(cross, -1, -2) @ self._date_slopes
        weighted = np.einsum("...it,ik->...kt", rest, X)
        weighted = weighted.reshape(*weighted.shape[:-2], cross.shape[-1])
        moved = np.swapaxes(self._date_slopes, -1, -2) @ right[..., None]
        self.right = weighted - moved[..., 0]

    def fitted(self, slopes: Slopes) -> Array:
        """Return what is fitted to all cells of the group, (..., n, T)."""
        nothing = 0.0 * self._unit_sums, 0.0 * self._date_effects
        fitted = self._sums(self._unit_sums, self._date_effects, slopes.values)
        # A unit belongs to the set of its first cell, and to none without a cell.
        first_cell = self._cells.argmax(axis=-1)
        set_of_cell = np.take_along_axis(self._set_of_date, first_cell, axis=-1)
        set_of_unit = np.where(self._cells.any(axis=-1), set_of_cell, -1)
        tied = set_of_unit[..., :, None] == self._set_of_date[..., None, :]
        for direction in slopes.free:
            moved = self._sums(*nothing, direction)
            tied = tied & (np.abs(moved) < NOT_DETERMINED)
        return np.where(tied, fitted, np.nan)

    def _sums(self, unit_sums: Array, date_effects: Array, slopes: Array) -> Array:
        """Return a_i + g_t + x_i'd_t in all cells, for sums of units and date effects
        without slopes.
        """
        taken = (self._date_slopes @ slopes[..., None])[..., 0]
        by_date = (date_effects - taken)[..., None, :] + slope_cells(self._X, slopes)
        explained = (self._U * by_date).sum(axis=-1)
        unit_effects = (unit_sums - explained) / self._counts
        return np.asarray(unit_effects[..., :, None] + by_date)


def slope_cells(X: Array, slopes: Array) -> Array:
    """Return x_i'd_t; columns (n, K), slopes (..., K T) -> (..., n, T)."""
    K = X.shape[1]
    T = slopes.shape[-1] // K if K else 1
    return np.asarray(X @ slopes.reshape(*slopes.shape[:-1], K, T))


def _slopes(fits: list[_GroupFit], columns: int) -> Slopes:
    """Solve the equations of the slopes that groups share."""
    products = np.sum([fit.products for fit in fits], axis=0)
    right = np.sum([fit.right for fit in fits], axis=0)
    return solved_slopes(products, right, columns)


def _weighted(U: Array, X: Array) -> Array:
    """Return x_ik U_it; U (..., n, T), X (n, K) -> (..., n, K T)."""
    weighted = X[:, :, None] * U[..., :, None, :]
    return np.asarray(weighted.reshape(*U.shape[:-1], X.shape[1] * U.shape[-1]))


def _summed(U: Array, X: Array) -> Array:
    """Return diag(sum_i x_ik U_it) of each column side by side, (..., T, K T)."""
    T = U.shape[-1]
    sums = np.einsum("...it,ik->...kt", U, X)
    blocks = np.einsum("...kt,ts->...tks", sums, np.eye(T))
    return np.asarray(blocks.reshape(*U.shape[:-2], T, X.shape[1] * T))


def _own_products(U: Array, X: Array) -> Array:
    """Return diag(sum_i x_ik x_il U_it) of each pair of columns, (..., K T, K T)."""
    T = U.shape[-1]
    size = X.shape[1] * T
    sums = np.einsum("...it,ikl->...klt", U, X[:, :, None] * X[:, None, :])
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
