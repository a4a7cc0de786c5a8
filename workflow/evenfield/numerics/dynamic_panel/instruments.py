"""One tensor (unit, row, instrument) for difference and system GMM, and the equations that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from evenfield.numerics.errors import NumericsError


class Equations(Enum):
    """Which equations enter."""

    DIFFERENCE = "difference"
    SYSTEM = "system"


class Layout(Enum):
    """How lagged levels become instruments."""

    COLLAPSED = "collapsed"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class GmmSpec:
    """A dynamic panel for GMM."""

    lags: int = 1  # lags of the outcome among the regressors, P
    first_lag: int = 2  # lags of the level that instrument the differences; ``last_lag`` 0 takes all there are
    last_lag: int = 3
    equations: Equations = Equations.DIFFERENCE  # differences alone, or differences and levels
    layout: Layout = Layout.COLLAPSED  # one column a lag, or one a lag and date


@dataclass(frozen=True)
class Stacked:
    """Equations of all units, difference rows first; a row that a unit lacks is zero."""

    Z: np.ndarray  # (N, R, L) instruments
    X: np.ndarray  # (N, R, K) regressors: lags of the outcome, then the others
    y: np.ndarray  # (N, R) outcome
    present: np.ndarray  # (N, R) whether the unit has the row
    n_difference: int  # number of difference rows among R
    dates: np.ndarray  # (R,) date of each row


def stacked_equations(y: np.ndarray, X: np.ndarray, spec: GmmSpec) -> Stacked:
    """Build the equations and their instruments; y (N, T), X (N, T, K).

    Notes
    -----
    Differences: levels y_t-first ... y_t-last, and the differences of X. Levels: the one difference y_t-first+1 -
    y_t-first, and X itself (one column for both rows, as Roodman's ``ivstyle``). Level rows are all dates t > P that
    the unit has, also the first ones, where the lagged difference is not observed and its instrument is zero.
    """
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    dates = y.shape[1]
    if spec.lags < 1 or spec.first_lag < 2 or 0 < spec.last_lag < spec.first_lag:
        raise NumericsError("lags start at 1, instruments at lag 2 and do not end before they start")
    if dates < spec.lags + 2 or dates <= spec.first_lag:
        raise NumericsError(f"{dates} dates are too few for {spec.lags} lags and instruments from lag {spec.first_lag}")
    difference = _rows(_differenced(y), _differenced(X), spec.lags, spec.lags + 1)
    z_difference = _level_instruments(y, spec, difference[3])
    if spec.equations is Equations.DIFFERENCE:
        return _joined([_completed(difference, [z_difference])], len(difference[3]))
    level = _rows(y, X, spec.lags, spec.lags)
    z_level = _difference_instruments(_differenced(y), spec, level[3])
    parts = [_completed(difference, [z_difference, _empty(difference, z_level)]),
             _completed(level, [_empty(level, z_difference), z_level])]  # fmt: skip
    return _joined(parts, len(difference[3]))


def _differenced(values: np.ndarray) -> np.ndarray:
    """Return first differences with a NaN in front, so that dates stay in place."""
    out = np.full(values.shape, np.nan)
    out[:, 1:] = np.diff(values, axis=1)
    return out


Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _rows(y: np.ndarray, X: np.ndarray, lags: int, first: int) -> Rows:
    """Return outcome, regressors, exogenous columns and dates of the rows from date ``first`` on."""
    dates = np.arange(first, y.shape[1])
    lagged = np.stack([y[:, dates - lag] for lag in range(1, lags + 1)], axis=-1)
    return y[:, dates], np.concatenate([lagged, X[:, dates]], axis=-1), X[:, dates], dates


def _level_instruments(y: np.ndarray, spec: GmmSpec, dates: np.ndarray) -> np.ndarray:
    """Return lagged levels as instruments of the differences, shape (N, R, L)."""
    last = min(spec.last_lag or y.shape[1], int(dates[-1]))
    return _laid_out(_lagged(y, np.arange(spec.first_lag, last + 1), dates), spec.layout)


def _difference_instruments(change: np.ndarray, spec: GmmSpec, dates: np.ndarray) -> np.ndarray:
    """Return the lagged difference as instrument of the levels, shape (N, R, L)."""
    return _laid_out(_lagged(change, np.array([spec.first_lag - 1]), dates), spec.layout)


def _lagged(values: np.ndarray, lags: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Return lags of every date, zero where they are not observed, shape (N, R, L)."""
    padded = np.zeros((values.shape[0], values.shape[1] + 1))
    padded[:, 1:] = np.where(np.isnan(values), 0.0, values)
    return padded[:, np.maximum(dates[:, None] - lags + 1, 0)]


def _laid_out(columns: np.ndarray, layout: Layout) -> np.ndarray:
    """Leave one column a lag, or spread it over one column a lag and date."""
    if layout is Layout.COLLAPSED:
        return columns
    n, rows, lags = columns.shape
    spread = np.zeros((n, rows, rows, lags))
    index = np.arange(rows)
    spread[:, index, index] = columns
    return spread.reshape(n, rows, rows * lags)


def _empty(rows: Rows, columns: np.ndarray) -> np.ndarray:
    return np.zeros((*rows[0].shape, columns.shape[-1]))


def _completed(rows: Rows, columns: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Set rows that a unit lacks to zero; exogenous columns instrument themselves."""
    y, X, exogenous, dates = rows
    present = np.isfinite(y) & np.isfinite(X).all(axis=-1)
    Z = np.concatenate([*columns, exogenous], axis=-1)
    if not present.all():
        y, X, gone = y.copy(), X.copy(), ~present
        y[gone], X[gone], Z[gone] = 0.0, 0.0, 0.0
    return Z, X, y, present, dates


def _joined(parts: list[tuple[np.ndarray, ...]], n_difference: int) -> Stacked:
    if len(parts) == 1:
        Z, X, y, present, dates = parts[0]
    else:
        Z, X, y, present, dates = (np.concatenate(columns, axis=min(1, columns[0].ndim - 1))
                                   for columns in zip(*parts, strict=True))  # fmt: skip
    used = Z.any(axis=(0, 1))
    Z = Z if used.all() else np.ascontiguousarray(Z[..., used])
    return Stacked(Z, X, y, present.astype(bool), n_difference, dates)
