"""Break dates of a series by least squares, as description, and a test for one break in a yearly slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenfield.numerics.errors import NumericsError

CHUNK = 500
LWZ_FACTOR, LWZ_POWER = 0.299, 2.1
EXACT = 1e-24


@dataclass(frozen=True, slots=True)
class BreakFit:
    """The best division of a series into segments, for one number of breaks."""

    last: tuple[int, ...]  # position of the last observation of every segment but the final one
    ssr: float  # sum of squared residuals
    lwz: float  # criteria of Liu, Wu and Zidek (1997) and of Schwarz; smaller is better
    bic: float


def least_squares_breaks(y: np.ndarray, X: np.ndarray, most: int, shortest: int) -> list[BreakFit]:
    """Divide a series into segments with their own coefficients, with the smallest sum of squares; y (T,), X (T, K).

    Notes
    -----
    Dynamic programming of Bai and Perron (2003). LWZ = ln(ssr / (T - p)) + (p/T) 0.299 (ln T)^2.1 and
    BIC = ln(ssr / T) + p ln(T) / T with p = (m + 1) K + m. No test: the series may be persistent.
    """
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    if shortest <= X.shape[1] or len(y) < shortest or most < 0:
        raise NumericsError(f"{len(y)} observations, segments of {shortest} or more with {X.shape[1]} coefficients")
    cost = _segment_costs(y, X, shortest)
    best, back = cost[0].copy(), []
    fits = [_break_fit((), float(best[-1]), y, X.shape[1])]
    for m in range(1, min(most, len(y) // shortest - 1) + 1):
        candidates = best[:-1, None] + cost[1:, :]
        back.append(candidates.argmin(axis=0))
        best = candidates.min(axis=0)
        fits.append(_break_fit(_trace(back, m), float(best[-1]), y, X.shape[1]))
    return fits


def _segment_costs(y: np.ndarray, X: np.ndarray, shortest: int) -> np.ndarray:
    """Return the sum of squared residuals of observations i..j for all i, j; infinite for short segments."""
    cost = np.full((len(y), len(y)), np.inf)
    for i in range(len(y) - shortest + 1):
        for j in range(i + shortest - 1, len(y)):
            rows = slice(i, j + 1)
            residual = y[rows] - X[rows] @ np.linalg.lstsq(X[rows], y[rows], rcond=None)[0]
            cost[i, j] = residual @ residual
    return cost


def _trace(back: list[np.ndarray], m: int) -> tuple[int, ...]:
    end, found = len(back[0]) - 1, []
    for step in range(m - 1, -1, -1):
        end = int(back[step][end])
        found.append(end)
    return tuple(found[::-1])


def _break_fit(last: tuple[int, ...], ssr: float, y: np.ndarray, k: int) -> BreakFit:
    t, p = len(y), (len(last) + 1) * k + len(last)
    floor = max(ssr, EXACT * float(y @ y), np.finfo(float).tiny)
    lwz = np.log(floor / (t - p)) + p / t * LWZ_FACTOR * np.log(t) ** LWZ_POWER if t > p else np.inf
    return BreakFit(last, ssr, float(lwz), float(np.log(floor / t) + p * np.log(t) / t))


@dataclass(frozen=True)
class SlopeBreak:
    """The largest Wald test for one break in a common slope, over all dates."""

    last: int  # position of the last date of the first regime
    before: float  # slopes of the two regimes
    after: float
    wald: np.ndarray  # (S,) test at each date; NaN where a regime would be too short
    statistic: float  # largest test and its bootstrap p-value
    p_value: float


def slope_break_test(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator, draws: int, trim: float = 0.15
) -> SlopeBreak:
    """Test whether the slope of a panel with date effects changes once at an unknown date; x, y (N, S).

    Notes
    -----
    y_it = alpha_t + b_1 x_it + e_it up to the break and b_2 after it; the variance of b_1 - b_2 is clustered by
    unit, so that errors may be dependent and of unequal variance over time. Largest Wald as in Andrews (1993); p by
    the fixed-regressor bootstrap (Hansen 2000) with one Rademacher sign for all dates of a unit, residuals under no
    break.
    """
    dates = _break_dates(x.shape, trim)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    if ((x**2).sum(axis=0) <= 0).any():
        raise NumericsError("the regressor is the same in every unit at a date")
    slope = float((x * y).sum() / (x**2).sum())
    wald, before, after = _walds(x, y[None])
    found = int(dates[wald[0, dates].argmax()])
    if not np.isfinite(wald[0, dates]).all():
        raise NumericsError("the fit is perfect, no residual is left")
    largest = _largest_draws(x, y - slope * x, dates, rng, draws)
    p_value = (1 + int((largest >= wald[0, found]).sum())) / (1 + draws)
    path = np.full(x.shape[1], np.nan)
    path[dates] = wald[0, dates]
    return SlopeBreak(found, float(before[0, found]), float(after[0, found]), path, float(wald[0, found]), p_value)


def _break_dates(shape: tuple[int, ...], trim: float) -> np.ndarray:
    units, dates = shape
    shortest = max(2, int(np.ceil(trim * dates)))
    if units < 3 or dates < 2 * shortest:
        raise NumericsError(f"{units} units at {dates} dates leave no room for a break")
    return np.arange(shortest - 1, dates - shortest)


def _largest_draws(
    x: np.ndarray, residual: np.ndarray, dates: np.ndarray, rng: np.random.Generator, draws: int
) -> np.ndarray:
    out = []
    for first in range(0, draws, CHUNK):
        signs = rng.integers(0, 2, (min(CHUNK, draws - first), len(x))) * 2.0 - 1.0
        drawn = signs[:, :, None] * residual
        wald = _walds(x, drawn - drawn.mean(axis=1, keepdims=True))[0]
        out.append(wald[:, dates].max(axis=1))
    return np.concatenate(out)


def _walds(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tests and slopes before and after each date, shape (D, S), for D outcomes (D, N, S)."""
    products = np.cumsum(x * y, axis=2)
    squares = np.cumsum(x**2, axis=1)
    share, total = squares.sum(axis=0), products.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        before = total / share
        after = (total[:, -1:] - total) / (share[-1] - share)
        first = (products - before[:, None, :] * squares) / share
        second = products[:, :, -1:] - products - after[:, None, :] * (squares[:, -1:] - squares)
        apart = first - second / (share[-1] - share)
        n = len(x)
        wald = (before - after) ** 2 / ((apart**2).sum(axis=1) * n / (n - 1))
    return wald, before, after
