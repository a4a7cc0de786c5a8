"""A balanced panel aligned by unit and date, whatever the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError


@dataclass(frozen=True)
class PathPanel:
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

    @property
    def treated(self) -> np.ndarray:
        """Units whose path is not zero throughout, shape (N,)."""
        return np.asarray((self.D != 0).any(axis=1))


def path_panel(
    y: np.ndarray, d: np.ndarray, units: np.ndarray, times: np.ndarray, controls: np.ndarray | None = None
) -> PathPanel:
    """Arrange long rows by unit and date; y, d (R,), units, times (R,), controls (R, K)."""
    y, d, units, times = (np.asarray(a) for a in (y, d, units, times))
    C = np.empty((len(y), 0)) if controls is None else np.asarray(controls, dtype=float).reshape(len(y), -1)
    if not y.shape == d.shape == units.shape == times.shape:
        raise NumericsError(f"outcome, treatment, units and dates have lengths {y.size}, {d.size}, {units.size}, "
                            f"{times.size}")  # fmt: skip
    values = np.column_stack([y.astype(float), d.astype(float), C])
    if not np.isfinite(values).all():
        raise NumericsError("the panel holds a missing or infinite value")
    names, i = np.unique(units, return_inverse=True)
    dates, t = np.unique(times, return_inverse=True)
    rows = np.bincount(i * len(dates) + t, minlength=len(names) * len(dates))
    if (rows != 1).any():
        place = int(np.flatnonzero(rows != 1)[0])
        unit, date = names[place // len(dates)], dates[place % len(dates)]
        raise NumericsError(f"whole paths need one row a unit and date; unit {unit} has {rows[place]} at {date}")
    table = values[np.lexsort((t, i))].reshape(len(names), len(dates), -1)
    return PathPanel(names, dates, table[..., 0], table[..., 1], table[..., 2:])
