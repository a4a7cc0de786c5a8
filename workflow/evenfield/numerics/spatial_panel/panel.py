"""A balanced panel in arrays: every unit in every period, in one order.

Rows come in any order and are sorted here once, units as text and periods by value, so
that no result depends on how a table was stored. Weights are matched by unit id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted


@dataclass(frozen=True)
class BalancedPanel:
    """An outcome and its regressors for every unit in every period."""

    units: tuple[str, ...]  # unit ids, sorted as text
    periods: tuple[Any, ...]  # periods, sorted
    names: tuple[str, ...]  # names of the regressors
    values: Array  # (N, T, 1 + K) outcome first, then the regressors

    def ordered(self, units: Sequence[str]) -> Array:
        """Return the values with units in the given order; shape (N, T, 1 + K)."""
        missing = sorted(set(self.units) - set(units))
        if missing:
            raise NumericsError(
                f"{counted(len(missing), 'unit')} of the panel without weights, first {missing[0]}"
            )
        extra = sorted(set(units) - set(self.units))
        if extra:
            raise NumericsError(
                f"{counted(len(extra), 'unit')} of the weights outside the panel, first"
                f" {extra[0]}"
            )
        # Values are moved to the order of the weights, never the weights to theirs.
        row_of_unit = {unit: i for i, unit in enumerate(self.units)}
        return self.values[[row_of_unit[unit] for unit in units]]


def panel_from_rows(
    units: Sequence[object],
    periods: Sequence[object] | np.ndarray,
    y: np.ndarray,
    X: np.ndarray,
    names: Sequence[str],
) -> BalancedPanel:
    """Build a balanced panel from rows in any order.

    Parameters
    ----------
    units, periods : sequence, length NT
        Unit id and period of each row; ids are compared as text.
    y : ndarray, shape (NT,)
        Outcome.
    X : ndarray, shape (NT, K)
        Regressors without a constant: the effects carry it.
    names : sequence of str, length K
        Names of the regressors.

    Raises
    ------
    NumericsError
        If lengths differ, a value is missing or infinite, a unit appears twice in a
        period, or a unit lacks a period.
    """
    ids = np.asarray([str(unit) for unit in units])
    y = np.asarray(y, float)
    X = np.asarray(X, float)
    times = np.asarray(periods)
    _check_shapes(len(ids), len(times), y, X)
    # Units are sorted as text and periods by value, whatever the order of the rows.
    known, unit_code = np.unique(ids, return_inverse=True)
    years, year_code = np.unique(times, return_inverse=True)
    _check_keys(unit_code, year_code, known, years)
    values = np.empty((len(known), len(years), 1 + X.shape[1]))
    values[unit_code, year_code, 0] = y
    values[unit_code, year_code, 1:] = X
    return _checked_panel(known, years, names, values)


def panel_from_arrays(
    y: np.ndarray,
    X: np.ndarray,
    units: Sequence[object],
    names: Sequence[str],
    periods: Sequence[object] | None = None,
) -> BalancedPanel:
    """Build a balanced panel from arrays with one row per period; y (T, N), X (T, N,
    K).
    """
    if y.ndim != 2 or X.shape[:2] != y.shape or X.ndim != 3:
        raise NumericsError(
            f"the outcome must be (T, N) and the regressors (T, N, K), found {y.shape}"
            f" and {X.shape}"
        )
    times = np.arange(y.shape[0]) if periods is None else np.asarray(periods)
    if len(units) != y.shape[1] or len(times) != y.shape[0]:
        raise NumericsError(
            f"{len(units)} units and {len(times)} periods do not name an outcome of"
            f" shape {y.shape}"
        )
    ids = np.asarray([str(unit) for unit in units])
    if len(set(ids)) != len(ids) or len(set(times)) != len(times):
        raise NumericsError("a unit or a period is named twice")
    by_id = np.argsort(ids)
    by_date = np.argsort(times)
    values = np.concatenate([y[..., None], X], axis=2)[by_date][:, by_id]
    return _checked_panel(ids[by_id], times[by_date], names, values.swapaxes(0, 1))


def _checked_panel(
    units: np.ndarray, periods: np.ndarray, names: Sequence[str], values: Array
) -> BalancedPanel:
    """Return a panel that has regressors of different names and no gap; values (N, T, 1
    + K).
    """
    k = values.shape[2] - 1
    if len(set(names)) != len(names) or len(names) != k:
        raise NumericsError(
            f"{k} regressors need as many different names, found {list(names)}"
        )
    if not k:
        raise NumericsError("the panel has no regressor")
    wrong = ~np.isfinite(values)
    if wrong.any():
        i, t, column = np.argwhere(wrong)[0]
        values_wrong = counted(wrong.sum(), "value is", "values are")
        raise NumericsError(
            f"{values_wrong} missing or infinite, first"
            f" {('the outcome', *names)[column]} of {units[i]} in {periods[t]}"
        )
    return BalancedPanel(
        units=tuple(units.tolist()),
        periods=tuple(periods.tolist()),
        names=tuple(names),
        values=np.ascontiguousarray(values),
    )


def _check_shapes(n_ids: int, n_times: int, y: Array, X: Array) -> None:
    if y.ndim != 1 or X.ndim != 2 or not n_ids == n_times == len(y) == len(X):
        raise NumericsError(
            "units, periods, outcome and regressors must have one entry per row, found"
            f" {n_ids}, {n_times}, {y.shape} and {X.shape}"
        )


def _check_keys(
    unit_code: np.ndarray, year_code: np.ndarray, units: np.ndarray, years: np.ndarray
) -> None:
    rows_per_cell = np.zeros((len(units), len(years)), dtype=int)
    np.add.at(rows_per_cell, (unit_code, year_code), 1)
    failures = {"given twice": rows_per_cell > 1, "missing": rows_per_cell == 0}
    for what, wrong in failures.items():
        if wrong.any():
            i, t = np.argwhere(wrong)[0]
            raise NumericsError(
                f"{counted(wrong.sum(), 'pair')} of unit and period {what}, first"
                f" {units[i]} in {years[t]}"
            )
