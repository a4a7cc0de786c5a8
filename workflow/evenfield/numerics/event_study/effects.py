"""Unit effects and effects of group and date, fitted to some cells of a panel.

A unit belongs to one group, so that every group is a panel of its own with unit and date
effects. Unit effects are eliminated first: what is left is one equation a date, however
many units there are, and it is solved for many panels at once.
"""

import numpy as np

from evenfield.numerics.arrays import Array


def fitted_cells(totals: Array, cells: np.ndarray, groups: np.ndarray) -> Array:
    """Return a_i + d_gt whose sums over ``cells`` by unit and by group and date are
    those of ``totals``; totals and cells (..., N, T), groups (N,) -> (..., N, T), NaN
    where the cells do not tie unit and date together.

    Notes
    -----
    These are the normal equations of least squares: ``totals`` is the outcome in the
    cells, and zero elsewhere, for fitted values.
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
    totals_it - sum_t U_it d_t) / n_i, and date effects solve

        (diag(sum_i U_it) - U' diag(1 / n_i) U) d = sum_i (totals_it - U_it mean_i).
    """
    U = cells.astype(float)
    counts = np.maximum(U.sum(axis=-1), 1.0)
    shares = U / counts[..., None]
    between = np.swapaxes(U, -1, -2) @ shares
    dates = np.arange(U.shape[-1])
    equations = -between
    equations[..., dates, dates] += U.sum(axis=-2)
    # A constant may move between unit and date effects of each set of dates that hang
    # together: their date effects sum to zero.
    labels = _sets_of_dates(between > 0)
    together = labels[..., :, None] == labels[..., None, :]
    unit_sums = totals.sum(axis=-1)
    right = (totals - shares * unit_sums[..., None]).sum(axis=-2)
    date_effects = np.linalg.solve(equations + together, right[..., None])[..., 0]
    explained = (U * date_effects[..., None, :]).sum(axis=-1)
    unit_effects = (unit_sums - explained) / counts
    # A unit belongs to the set of its first cell, and to none without a cell.
    first_cell = cells.argmax(axis=-1)
    own = np.where(
        cells.any(axis=-1), np.take_along_axis(labels, first_cell, axis=-1), -1
    )
    known = own[..., :, None] == labels[..., None, :]
    sums = unit_effects[..., :, None] + date_effects[..., None, :]
    return np.where(known, sums, np.nan)


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
