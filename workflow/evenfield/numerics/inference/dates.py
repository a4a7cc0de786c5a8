"""Dates of a panel as equally spaced positions."""

from __future__ import annotations

import numpy as np

from evenfield.numerics.errors import NumericsError

SAME_STEP = 1e-9


def date_positions(times: np.ndarray, lags: int) -> tuple[np.ndarray, int]:
    """Return the position of each row's date and the number of dates; times (R,)."""
    dates, positions = _sorted_dates(np.asarray(times))
    if not 0 <= lags < len(dates):
        raise NumericsError(f"{lags} serial lags need more than {lags} dates; there are {len(dates)}")
    if dates.dtype.kind in "iuf" and len(dates) > 1:
        steps = np.diff(dates.astype(float))
        if np.ptp(steps) > SAME_STEP * abs(steps[0]):
            raise NumericsError(f"the dates have a gap after {dates[int(steps.argmax())]}: a lag would span it")
    return positions.reshape(-1), len(dates)


def _sorted_dates(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if times.dtype.kind == "i" and times.size and int(times.max()) - int(times.min()) < times.size:
        first = int(times.min())
        steps = times.astype(np.int64) - first
        present = np.bincount(steps) > 0  # years: counting them is faster than sorting
        return np.flatnonzero(present) + first, (np.cumsum(present) - 1)[steps]
    dates, positions = np.unique(times, return_inverse=True)
    return dates, positions


def bartlett_weights(lags: int) -> np.ndarray:
    """Return 1 - l/(L + 1) for l = 1..L; shape (L,)."""
    return np.asarray(1.0 - np.arange(1, lags + 1) / (lags + 1))
