"""A panel in arrays, and the same demeaned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError


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
                f"{len(missing)} units of the panel have no weights, first {missing[0]}"
            )
        extra = sorted(set(units) - set(self.units))
        if extra:
            raise NumericsError(
                f"{len(extra)} units of the weights are not in the panel, first"
                f" {extra[0]}"
            )
        row_of_unit = {unit: i for i, unit in enumerate(self.units)}
        return self.values[[row_of_unit[unit] for unit in units]]


def panel_from_rows(
    units: Sequence[Any],
    periods: Sequence[Any] | np.ndarray,
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
    _check_shapes(len(ids), len(times), y, X, names)
    known, unit_code = np.unique(ids, return_inverse=True)
    years, year_code = np.unique(times, return_inverse=True)
    _check_keys(unit_code, year_code, known, years)
    _check_finite(np.column_stack([y, X]), ids, times, ("the outcome", *names))
    values = np.empty((len(known), len(years), 1 + X.shape[1]))
    values[unit_code, year_code, 0] = y
    values[unit_code, year_code, 1:] = X
    return BalancedPanel(
        tuple(known.tolist()), tuple(years.tolist()), tuple(names), values
    )


def panel_from_arrays(
    y: np.ndarray,
    X: np.ndarray,
    units: Sequence[Any],
    names: Sequence[str],
    periods: Sequence[Any] | None = None,
) -> BalancedPanel:
    """Build a balanced panel from arrays with one row per period; y (T, N), X (T, N,
    K).
    """
    y = np.asarray(y, float)
    X = np.asarray(X, float)
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
    ids = [str(unit) for unit in units]
    if len(set(ids)) != len(ids) or len(set(times.tolist())) != len(times):
        raise NumericsError("a unit or a period is named twice")
    _check_names(X.shape[2], names)
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        rows = np.repeat(times, y.shape[1])
        return panel_from_rows(
            ids * y.shape[0], rows, y.ravel(), X.reshape(y.size, -1), names
        )
    by_unit = np.array(sorted(range(len(ids)), key=ids.__getitem__))
    by_time = np.argsort(times, kind="stable")
    values = np.concatenate([y[..., None], X], axis=2)[by_time][:, by_unit].swapaxes(
        0, 1
    )
    known = tuple(ids[i] for i in by_unit.tolist())
    return BalancedPanel(
        known,
        tuple(times[by_time].tolist()),
        tuple(names),
        np.ascontiguousarray(values),
    )


def _check_shapes(
    n_ids: int, n_times: int, y: Array, X: Array, names: Sequence[str]
) -> None:
    if y.ndim != 1 or X.ndim != 2 or not n_ids == n_times == len(y) == len(X):
        raise NumericsError(
            "units, periods, outcome and regressors must have one entry per row, found"
            f" {n_ids}, {n_times}, {y.shape} and {X.shape}"
        )
    _check_names(X.shape[1], names)


def _check_names(k: int, names: Sequence[str]) -> None:
    if len(set(names)) != len(names) or len(names) != k:
        raise NumericsError(
            f"{k} regressors need as many different names, found {list(names)}"
        )
    if not k:
        raise NumericsError("the panel has no regressor")


def _check_keys(
    unit_code: np.ndarray, year_code: np.ndarray, units: np.ndarray, years: np.ndarray
) -> None:
    counts = np.zeros((len(units), len(years)), dtype=int)
    np.add.at(counts, (unit_code, year_code), 1)
    for wrong, what in ((counts > 1, "appear twice"), (counts == 0, "are missing")):
        if wrong.any():
            i, t = np.argwhere(wrong)[0]
            raise NumericsError(
                f"{wrong.sum()} pairs of unit and period {what}, first {units[i]} in"
                f" {years[t]}"
            )


def _check_finite(
    values: Array, ids: np.ndarray, times: np.ndarray, names: Sequence[str]
) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise NumericsError(
            f"{wrong.sum()} values are missing or infinite, first {names[column]} of"
            f" {ids[row]} in {times[row]}"
        )


EFFECTS = ("pooled", "unit", "time", "two_way")
APPROACHES = ("lee_yu", "direct")


class Counts(NamedTuple):
    """What enters the likelihood once the effects are gone."""

    # how often the log-determinant counts: T, or T - 1 when unit effects are
    # transformed away
    copies: int
    # 1 if the eigenvalue of the constant vector, ln(1 - rho), is taken out of it, else
    # 0
    drop: int
    observations: int  # number of observations of the likelihood


def demeaned(values: Array, effects: str) -> Array:
    """Subtract the means that belong to the effects; values (N, T, P) -> (N, T, P)."""
    if effects == "pooled":
        return np.asarray(values - values.mean(axis=(0, 1)))
    out = np.array(values)
    if effects in ("unit", "two_way"):
        out -= out.mean(axis=1, keepdims=True)
    if effects in ("time", "two_way"):
        out -= out.mean(axis=0, keepdims=True)
    return out


def likelihood_counts(n: int, t: int, effects: str, approach: str) -> Counts:
    """Count copies of the log-determinant and observations.

    Notes
    -----
    Lee and Yu (2010, Journal of Econometrics 154). For row-standardised W the
    transformed weights F'WF have the eigenvalues of W without the one of the constant
    vector.
    """
    if effects not in EFFECTS or approach not in APPROACHES:
        raise NumericsError(
            f"effects must be one of {EFFECTS} and approach one of {APPROACHES}"
        )
    unit = effects in ("unit", "two_way")
    time = effects in ("time", "two_way")
    if (unit and t < 2) or n < 3:
        raise NumericsError(f"{n} units in {t} periods cannot carry {effects} effects")
    if approach == "direct":
        return Counts(t, 0, n * t)
    return Counts(t - unit, int(time), (n - time) * (t - unit))


def projection_power_sum(n: int, t: int, effects: str, power: int) -> float:
    """Return the sum over all entries of Q of q_ij^power."""
    if effects == "pooled":
        return _centring_power_sum(n * t, power)
    over_time = (
        _centring_power_sum(t, power) if effects in ("unit", "two_way") else float(t)
    )
    over_units = (
        _centring_power_sum(n, power) if effects in ("time", "two_way") else float(n)
    )
    return over_time * over_units


def _centring_power_sum(size: int, power: int) -> float:
    off = (size - 1) * (-1.0 / size) ** power
    return size * ((1.0 - 1.0 / size) ** power + off)


def kept_share(n: int, t: int, effects: str) -> float:
    """Return the diagonal entry of Q."""
    if effects == "pooled":
        return 1.0 - 1.0 / (n * t)
    return (1.0 - 1.0 / t if effects != "time" else 1.0) * (
        1.0 - 1.0 / n if effects != "unit" else 1.0
    )
