"""The equations of a dynamic panel for GMM, in differences and levels, and their
instruments.

A difference is instrumented by earlier levels, a level by an earlier difference. Rows of
all units stand in one array; what a unit lacks is zero, so that it adds to no moment.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError


class Equations(Enum):
    """Which equations enter."""

    DIFFERENCE = "difference"
    SYSTEM = "system"


class Layout(Enum):
    """How lagged levels become instruments."""

    COLLAPSED = "collapsed"
    FULL = "full"


class GmmSpec(NamedTuple):
    """A dynamic panel for GMM."""

    lags: int = 1  # lags of the outcome among the regressors, P
    # lags of the level that instrument the differences; ``last_lag`` 0 takes all there
    # are
    first_lag: int = 2
    last_lag: int = 3
    equations: Equations = Equations.DIFFERENCE
    layout: Layout = Layout.COLLAPSED  # one column a lag, or one a lag and date
    # its H: full, difference (identity for levels), identity; Roodman's h(3), h(2),
    # h(1)
    first_step: str = "full"
    # what the levels of the outcome have in addition as instruments, where a level that
    # a unit lacks is zero
    origin: float = 0.0


class Source(NamedTuple):
    """A variable whose lags are instruments, beside those of the outcome."""

    values: Array  # (N, T)
    first_lag: int  # 2 for an endogenous variable, 1 for a predetermined one
    last_lag: int  # 0 takes all there are


EVERYWHERE = 0
LEVELS_ONLY = 1
NOWHERE = 2


class Stacked(NamedTuple):
    """Equations of all units, difference rows first; a row that a unit lacks is zero."""

    Z: Array  # (N, R, L) instruments
    X: Array  # (N, R, K) regressors: lags of the outcome, then the others
    y: Array  # (N, R) outcome
    present: np.ndarray  # (N, R) whether the unit has the row
    n_difference: int  # number of difference rows among R
    dates: np.ndarray  # (R,) date of each row


def stacked_equations(
    y: Array,
    X: Array,
    spec: GmmSpec,
    sources: Sequence[Source] = (),
    own: np.ndarray | None = None,
) -> Stacked:
    """Build the equations and their instruments; y (N, T), X (N, T, K), own (K,) where
    X instruments itself.

    Notes
    -----
    Differences: levels y_t-first ... y_t-last, and the differences of X. Levels: the
    one difference y_t-first+1 - y_t-first, and X itself (one column for both rows, as
    Roodman's ``ivstyle``). Level rows are all dates t > P that the unit has, also the
    first ones, where the lagged difference is not observed and its instrument is zero.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    dates = y.shape[1]
    if spec.lags < 1 or spec.first_lag < 2 or 0 < spec.last_lag < spec.first_lag:
        raise NumericsError(
            "lags start at 1, instruments at lag 2 and do not end before they start"
        )
    for source in sources:
        ends = source.last_lag
        if ends < 0 or 0 < ends < source.first_lag:
            raise NumericsError(
                f"lags of a variable that are instruments start at {source.first_lag}"
                f" and end at {ends}"
            )
    if dates < spec.lags + 2 or dates <= spec.first_lag:
        raise NumericsError(
            f"{dates} dates are too few for {spec.lags} lags and instruments from lag"
            f" {spec.first_lag}"
        )
    own = np.full(X.shape[2], EVERYWHERE) if own is None else np.asarray(own)
    levels = Source(y + spec.origin, spec.first_lag, spec.last_lag)
    variables = [levels, *sources]
    difference = _rows(_differenced(y), _differenced(X), spec.lags, spec.lags + 1)
    difference.exogenous[..., own == LEVELS_ONLY] = 0.0
    lagged_levels = [
        _level_instruments(variable, spec.layout, difference.dates)
        for variable in variables
    ]
    if spec.equations is Equations.DIFFERENCE:
        parts = [_completed(difference, lagged_levels, own)]
        return _joined(parts, len(difference.dates))
    level = _rows(y, X, spec.lags, spec.lags)
    lagged_differences = [
        _difference_instruments(variable, spec.layout, level.dates)
        for variable in variables
    ]
    # Each kind of row has instruments of its own, zero in rows of the other kind.
    before = [_empty(level, columns) for columns in lagged_levels]
    after = [_empty(difference, columns) for columns in lagged_differences]
    parts = [
        _completed(difference, [*lagged_levels, *after], own),
        _completed(level, [*before, *lagged_differences], own),
    ]
    return _joined(parts, len(difference.dates))


def equation_dates(y: Array, X: Array, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Say which dates have a row of some unit: in differences, in levels; y (N, T), X
    (N, T, K) -> (T,), (T,) of bool.
    """
    differences = _rows(_differenced(y), _differenced(X), lags, lags + 1)
    levels = _rows(y, X, lags, lags)
    return differences.dates_present(y.shape[1]), levels.dates_present(y.shape[1])


def _differenced(values: Array) -> Array:
    """Return first differences with a NaN in front, so that dates stay in place."""
    out = np.full(values.shape, np.nan)
    out[:, 1:] = np.diff(values, axis=1)
    return out


class _Rows(NamedTuple):
    """Rows of one kind before what a unit lacks is set to zero."""

    y: Array  # (N, R) outcome
    X: Array  # (N, R, K) regressors
    exogenous: Array  # (N, R, K - P) the regressors without the lags of the outcome
    dates: np.ndarray  # (R,)

    @property
    def present(self) -> np.ndarray:
        """Whether a unit has a row, shape (N, R)."""
        return np.isfinite(self.y) & np.isfinite(self.X).all(axis=-1)

    def dates_present(self, n_dates: int) -> np.ndarray:
        """Whether some unit has a row at a date, shape (T,)."""
        present = np.zeros(n_dates, dtype=bool)
        present[self.dates] = self.present.any(axis=0)
        return present


def _rows(y: Array, X: Array, lags: int, first: int) -> _Rows:
    """Return the rows from date ``first`` on."""
    dates = np.arange(first, y.shape[1])
    lagged = [y[:, dates - lag, None] for lag in range(1, lags + 1)]
    exogenous = X[:, dates]
    regressors = np.concatenate([*lagged, exogenous], axis=-1)
    return _Rows(
        y=y[:, dates],
        X=regressors,
        exogenous=exogenous,
        dates=dates,
    )


def _level_instruments(source: Source, layout: Layout, dates: np.ndarray) -> Array:
    """Return lagged levels as instruments of the differences, shape (N, R, L)."""
    last = min(source.last_lag or source.values.shape[1], int(dates[-1]))
    lags = np.arange(source.first_lag, last + 1)
    return _laid_out(_lagged(source.values, lags, dates), layout)


def _difference_instruments(source: Source, layout: Layout, dates: np.ndarray) -> Array:
    """Return the lagged difference as instrument of the levels, shape (N, R, L)."""
    lags = np.array([source.first_lag - 1])
    return _laid_out(_lagged(_differenced(source.values), lags, dates), layout)


def _lagged(values: Array, lags: np.ndarray, dates: np.ndarray) -> Array:
    """Return lags of every date, zero where they are not observed, shape (N, R, L)."""
    padded = np.zeros((values.shape[0], values.shape[1] + 1))
    padded[:, 1:] = np.where(np.isnan(values), 0.0, values)
    return padded[:, np.maximum(dates[:, None] - lags + 1, 0)]


def _laid_out(columns: Array, layout: Layout) -> Array:
    """Leave one column a lag, or spread it over one column a lag and date."""
    if layout is Layout.COLLAPSED:
        return columns
    n, rows, lags = columns.shape
    laid_out = np.zeros((n, rows, rows, lags))
    index = np.arange(rows)
    laid_out[:, index, index] = columns
    return laid_out.reshape(n, rows, rows * lags)


def _empty(rows: _Rows, columns: Array) -> Array:
    return np.zeros((*rows.y.shape, columns.shape[-1]))


def _completed(rows: _Rows, columns: list[Array], own: np.ndarray) -> Stacked:
    """Set rows that a unit lacks to zero; exogenous columns instrument themselves."""
    present = rows.present
    Z = np.concatenate([*columns, rows.exogenous[..., own != NOWHERE]], axis=-1)
    X = rows.X.copy()
    y = rows.y.copy()
    for values in (Z, X, y):
        values[~present] = 0.0
    return Stacked(
        Z=Z,
        X=X,
        y=y,
        present=present,
        n_difference=0,
        dates=rows.dates,
    )


def _joined(parts: list[Stacked], n_difference: int) -> Stacked:
    """Put difference and level rows below each other, without empty instruments."""
    Z = np.concatenate([part.Z for part in parts], axis=1)
    used = Z.any(axis=(0, 1))
    return Stacked(
        Z=Z if used.all() else np.ascontiguousarray(Z[..., used]),
        X=np.concatenate([part.X for part in parts], axis=1),
        y=np.concatenate([part.y for part in parts], axis=1),
        present=np.concatenate([part.present for part in parts], axis=1),
        n_difference=n_difference,
        dates=np.concatenate([part.dates for part in parts]),
    )
