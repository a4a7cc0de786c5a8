"""Randomisation of treatment paths: assignments, panels of paths, tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import factorial, prod
from typing import Literal, NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inference.cluster_robust import checked_level
from evenfield.numerics.inference.wild_bootstrap import inverted_interval
from evenfield.numerics.ols import RANK_TOLERANCE


@dataclass(frozen=True)
class Assignments:
    """Counterfactual assignments of the observed paths."""

    units: np.ndarray  # (N,) names in sorted order
    source: np.ndarray  # (B, N) position of the unit whose path each unit receives
    # number of assignments that differ, drawn or not, the observed one included
    distinct: int
    enumerated: bool  # whether the rows are all of them, each once
    scheme: str  # ``"free"`` or ``"stratified"``

    @property
    def count(self) -> int:
        """Number of rows B."""
        return len(self.source)


def free_assignments(
    panel: PathPanel, draws: int, rng: np.random.Generator
) -> Assignments:
    """Permute whole paths among all units."""
    return _within_strata(
        panel, np.zeros(len(panel.units), dtype=int), draws, rng, "free"
    )


def stratified_assignments(
    panel: PathPanel, strata: Mapping[str, object], draws: int, rng: np.random.Generator
) -> Assignments:
    """Permute whole paths among the units of a stratum, the coast for example."""
    missing = [unit for unit in panel.units.tolist() if unit not in strata]
    if missing:
        lacking = counted(len(missing), "unit has", "units have")
        raise NumericsError(f"{lacking} no stratum, for example {missing[0]}")
    labels = np.unique(
        [str(strata[unit]) for unit in panel.units.tolist()], return_inverse=True
    )[1]
    return _within_strata(panel, labels, draws, rng, "stratified")


def _within_strata(
    panel: PathPanel,
    strata: np.ndarray,
    draws: int,
    rng: np.random.Generator,
    scheme: str,
) -> Assignments:
    members = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    classes = panel.path_class
    distinct = _at_least_two(
        prod(_multinomial(np.bincount(classes[m])) for m in members)
    )
    if distinct <= _positive(draws):
        source = np.empty((distinct, len(strata)), dtype=np.intp)
        for row, parts in enumerate(
            product(*[list(_arrangements(classes[m])) for m in members])
        ):
            for m, part in zip(members, parts, strict=True):
                source[row, m] = m[list(part)]
        return Assignments(
            panel.units, source, distinct, enumerated=True, scheme=scheme
        )
    source = np.empty((draws, len(strata)), dtype=np.intp)
    for m in members:
        source[:, m] = rng.permuted(np.tile(m, (draws, 1)), axis=1)
    return Assignments(panel.units, source, distinct, enumerated=False, scheme=scheme)


def _arrangements(classes: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Yield every distinct order of the labels, as positions of members that carry
    them.
    """
    groups = sorted(
        (np.flatnonzero(classes == k).tolist() for k in np.unique(classes)), key=len
    )
    assignment = [-1] * len(classes)

    def fill(level: int, free: list[int]) -> Iterator[tuple[int, ...]]:
        if level == len(groups) - 1:
            for unit, member in zip(free, groups[level], strict=True):
                assignment[unit] = member
            yield tuple(assignment)
            return
        for taken in combinations(free, len(groups[level])):
            for unit, member in zip(taken, groups[level], strict=True):
                assignment[unit] = member
            yield from fill(level + 1, [unit for unit in free if unit not in taken])

    return fill(0, list(range(len(classes))))


def _multinomial(counts: np.ndarray) -> int:
    sizes = [int(count) for count in counts if count]
    return factorial(sum(sizes)) // prod(factorial(size) for size in sizes)


def _at_least_two(distinct: int) -> int:
    if distinct < 2:
        raise NumericsError(
            "only one assignment is possible: there is nothing to compare the data with"
        )
    return distinct


def _positive(draws: int) -> int:
    if draws < 1:
        raise NumericsError(f"at least one draw is needed, not {draws}")
    return draws


class PathPanel(NamedTuple):
    """Outcome, treatment paths and controls of every unit."""

    units: np.ndarray  # (N,) names in sorted order
    times: np.ndarray  # (T,) dates in sorted order; one date for a cross-section
    Y: np.ndarray  # (N, T) outcome and treatment
    D: np.ndarray
    C: np.ndarray  # (N, T, K) controls

    @property
    def path_class(self) -> np.ndarray:
        """Which of the distinct treatment paths each unit has, shape (N,)."""
        return np.asarray(np.unique(self.D, axis=0, return_inverse=True)[1]).reshape(-1)


def path_panel(
    y: np.ndarray,
    d: np.ndarray,
    units: np.ndarray,
    times: np.ndarray,
    controls: np.ndarray | None = None,
) -> PathPanel:
    """Arrange long rows by unit and date; y, d (R,), units, times (R,), controls (R,
    K).
    """
    y, d, units, times = (np.asarray(a) for a in (y, d, units, times))
    C = (
        np.empty((len(y), 0))
        if controls is None
        else np.asarray(controls, dtype=float).reshape(len(y), -1)
    )
    if not y.shape == d.shape == units.shape == times.shape:
        raise NumericsError(
            f"outcome, treatment, units and dates have lengths {y.size}, {d.size},"
            f" {units.size}, {times.size}"
        )
    values = np.column_stack([y.astype(float), d.astype(float), C])
    if not np.isfinite(values).all():
        raise NumericsError("the panel holds a missing or infinite value")
    names, i = np.unique(units, return_inverse=True)
    dates, t = np.unique(times, return_inverse=True)
    rows = np.bincount(i * len(dates) + t, minlength=len(names) * len(dates))
    if (rows != 1).any():
        first_fault = int(np.flatnonzero(rows != 1)[0])
        unit = names[first_fault // len(dates)]
        date = dates[first_fault % len(dates)]
        raise NumericsError(
            f"whole paths need one row a unit and date; unit {unit} has {rows[first_fault]}"
            f" at {date}"
        )
    table = values[np.lexsort((t, i))].reshape(len(names), len(dates), -1)
    return PathPanel(names, dates, table[..., 0], table[..., 1], table[..., 2:])


Effects = Literal["time", "unit and time"]
TIE = 1e-9
IN_CACHE = 1 << 15
FEWEST_ROWS = 64


class PathTables(NamedTuple):
    """Inner products between the path of one unit and what least squares left of
    another, effects taken out.
    """

    units: np.ndarray  # (N,) names in sorted order
    path_outcome: np.ndarray  # (N, N)
    path_path: np.ndarray  # (N, N)
    # (K, N, N) path of the row unit times each orthonormal control of the column unit
    path_control: np.ndarray
    path_square: np.ndarray  # (N,) sum of squares of each path


@dataclass(frozen=True)
class PathRandomisation:
    """Coefficients of the observed paths under every assignment."""

    tables: PathTables  # inner products
    assignments: Assignments  # who receives whose path
    effects: Effects  # what was taken out

    @property
    def smallest_p(self) -> float:
        """One over the number of distinct assignments: no p-value is smaller."""
        return 1 / self.assignments.distinct

    @cached_property
    def _observed(self) -> tuple[np.ndarray, np.ndarray]:
        return _coefficients(self.tables, self._own)

    @cached_property
    def _drawn(self) -> tuple[np.ndarray, np.ndarray]:
        parts = [_coefficients(self.tables, source) for source in self._blocks]
        beta, slope = (np.concatenate(column) for column in zip(*parts, strict=True))
        return beta, slope

    @property
    def _own(self) -> np.ndarray:
        return np.arange(len(self.tables.units))[None, :]

    @property
    def _blocks(self) -> list[np.ndarray]:
        source = self.assignments.source
        step = max(FEWEST_ROWS, IN_CACHE // source.shape[1])
        return [source[start : start + step] for start in range(0, len(source), step)]

    @property
    def estimate(self) -> float:
        """Coefficient of the observed assignment."""
        return float(self._observed[0][0])

    @property
    def coefficients(self) -> np.ndarray:
        """Coefficient under each assignment, shape (B,)."""
        return self._drawn[0]

    def p_value(self, null: float = 0.0) -> float:
        """Return the two-sided p-value of a constant effect, comparing coefficients."""
        beta, slope = self._drawn
        drawn = np.abs(beta - null * slope)
        extreme = int((drawn >= abs(self.estimate - null) * (1 - TIE)).sum())
        if self.assignments.enumerated:
            return extreme / self.assignments.count
        return max((1 + extreme) / (1 + self.assignments.count), self.smallest_p)

    @property
    def spread(self) -> float:
        """Standard deviation of the coefficient over the assignments, but for those of
        which the controls leave nothing.
        """
        defined = self.coefficients[np.isfinite(self.coefficients)]
        return float(np.std(defined)) if len(defined) else 0.0

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the constant effects that the comparison of coefficients does not
        reject.
        """
        scale = self.spread or abs(self.estimate) or 1.0
        return inverted_interval(
            self.p_value, self.estimate, scale, checked_level(level)
        )


def path_randomisation(
    panel: PathPanel, assignments: Assignments, effects: Effects
) -> PathRandomisation:
    """Prepare the randomisation distribution of the coefficient of a treatment path.

    Notes
    -----
    Sweeping out effects commutes with a permutation of the units, so every
    cross-product of a permuted path is a sum of N entries of an N x N table. Controls
    stay with their units. The null is sharp: a constant effect for every unit.
    """
    if not np.array_equal(panel.units, assignments.units):
        raise NumericsError("the assignments are for other units than the panel's")
    return PathRandomisation(_tables(panel, effects), assignments, effects)


def _tables(panel: PathPanel, effects: Effects) -> PathTables:
    y, d, C = (_swept(values, effects) for values in (panel.Y, panel.D, panel.C))
    Q = _orthonormal(C.reshape(y.size, -1))
    y_tilde, d_tilde = (_without(Q, values) for values in (y, d))
    if (d_tilde**2).sum() <= RANK_TOLERANCE * max(
        (panel.D**2).sum(), np.finfo(float).tiny
    ):
        raise NumericsError(
            f"effects of {effects} and the controls leave nothing of the treatment path"
        )
    by_unit = Q.T.reshape(-1, *y.shape)
    return PathTables(
        units=panel.units,
        path_outcome=d @ y_tilde.T,
        path_path=d @ d_tilde.T,
        path_control=np.array([d @ q.T for q in by_unit]).reshape(-1, len(y), len(y)),
        path_square=(d**2).sum(axis=1),
    )


def _swept(values: np.ndarray, effects: Effects) -> np.ndarray:
    if effects not in {"time", "unit and time"}:
        raise NumericsError(f"effects are of time, or of unit and time, not {effects}")
    out = np.asarray(values - values.mean(axis=0, keepdims=True))
    return (
        np.asarray(out - out.mean(axis=1, keepdims=True))
        if effects == "unit and time"
        else out
    )


def _orthonormal(C: np.ndarray) -> np.ndarray:
    if not C.shape[1]:
        return C
    scale = np.sqrt((C**2).sum(axis=0))
    if (scale == 0).any():
        raise NumericsError("the effects leave nothing of a control")
    Q, R = np.linalg.qr(C / scale)
    if np.abs(np.diag(R)).min() < RANK_TOLERANCE:
        raise NumericsError("the controls are collinear")
    return np.asarray(Q)


def _without(Q: np.ndarray, values: np.ndarray) -> np.ndarray:
    flat = values.reshape(-1)
    return np.asarray((flat - Q @ (Q.T @ flat)).reshape(values.shape))


def _coefficients(
    tables: PathTables, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    delta = _gathered(tables.path_control, source).sum(axis=2)
    left = _left(tables, source, delta)
    beta, slope = (
        _gathered(table, source).sum(axis=1) / left
        for table in (tables.path_outcome, tables.path_path)
    )
    return _extreme_where_undefined(beta), np.asarray(
        np.where(np.isnan(slope), 0.0, slope)
    )


def _gathered(table: np.ndarray, source: np.ndarray) -> np.ndarray:
    n = source.shape[1]
    flat = source * n + np.arange(n)
    return np.asarray(np.take(table.reshape(*table.shape[:-2], n * n), flat, axis=-1))


def _left(tables: PathTables, source: np.ndarray, delta: np.ndarray) -> np.ndarray:
    total = tables.path_square[source].sum(axis=1)
    left = total - (delta**2).sum(axis=0)
    return np.asarray(np.where(left > RANK_TOLERANCE * total, left, np.nan))


def _extreme_where_undefined(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(np.isnan(values), np.inf, values))
