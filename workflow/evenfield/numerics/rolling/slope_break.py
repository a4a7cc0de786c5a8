"""One break in the common slope of a panel, at a date that is not known beforehand.

The largest of many tests is no longer F: its p-value comes from a bootstrap under no
break, with one sign for all dates of a unit.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import blocks
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.rolling.segments import dates_in_share
from evenfield.numerics.rolling.signed_influence import rademacher

DRAWS_AT_ONCE = 500
NUMBERS_AT_ONCE = 100_000  # samples times units that stay near the processor


class SlopeBreak(NamedTuple):
    """The largest Wald test for one break in a common slope, over all dates."""

    break_position: int  # of the last date of the first regime
    before: float  # slopes of the two regimes
    after: float
    wald: Array  # (S,) test at each date; NaN where a regime would be too short
    statistic: float  # largest test and its bootstrap p-value
    p_value: float


class RegimeSlopes(NamedTuple):
    """Tests and slopes with a break after each of S dates."""

    wald: Array  # (S,)
    before: Array  # (S,)
    after: Array  # (S,)


def slope_break_test(
    x: Array, y: Array, rng: np.random.Generator, draws: int, trim: float = 0.15
) -> SlopeBreak:
    """Test whether the slope of a panel with date effects changes once at an unknown
    date; x, y (N, S).

    Notes
    -----
    y_it = alpha_t + b_1 x_it + e_it up to the break and b_2 after it; the variance of
    b_1 - b_2 is clustered by unit, so that errors may be dependent and of unequal
    variance over time. Largest Wald as in Andrews (1993); p by the fixed-regressor
    bootstrap (Hansen 2000) with one Rademacher sign for all dates of a unit, residuals
    under no break.
    """
    dates = _break_dates(x.shape, trim)
    x = x - x.mean(axis=0)
    y = y - y.mean(axis=0)
    if ((x**2).sum(axis=0) <= 0).any():
        raise NumericsError("the regressor is the same in every unit at a date")
    common_slope = float((x * y).sum() / (x**2).sum())
    fit = _regime_slopes(x, y)
    wald = fit.wald
    last = int(dates[wald[dates].argmax()])
    if not np.isfinite(wald[dates]).all():
        raise NumericsError("the fit is perfect, no residual is left")
    largest = _largest_draws(x, y - common_slope * x, dates, rng, draws)
    path = np.full(x.shape[1], np.nan)
    path[dates] = wald[dates]
    return SlopeBreak(
        break_position=last,
        before=float(fit.before[last]),
        after=float(fit.after[last]),
        wald=path,
        statistic=float(wald[last]),
        p_value=(1 + int((largest >= wald[last]).sum())) / (1 + draws),
    )


def _break_dates(shape: tuple[int, ...], trim: float) -> np.ndarray:
    """List the dates after which the slope may change."""
    units, dates = shape
    shortest = max(2, dates_in_share(trim, dates))
    if units < 3 or dates < 2 * shortest:
        raise NumericsError(
            f"{units} units with {dates} growths leave no room for a break"
        )
    return np.arange(shortest - 1, dates - shortest)


def _largest_draws(
    x: Array, residual: Array, dates: np.ndarray, rng: np.random.Generator, draws: int
) -> Array:
    """Draw the largest test under no break; x, residual (N, S) -> (draws,)."""
    units = len(x)
    products = np.cumsum(x * residual, axis=1)
    squares = np.cumsum(x**2, axis=1)
    rows = max(1, NUMBERS_AT_ONCE // units)
    largest = []
    for samples in blocks(draws, DRAWS_AT_ONCE):
        signs = rademacher(rng, samples, units)
        for some in np.split(signs, range(rows, len(signs), rows)):
            means = some @ residual / units
            largest.append(_largest_wald(x, products, squares, dates, some, means))
    return np.concatenate(largest)


def _largest_wald(
    x: Array,
    products: Array,
    squares: Array,
    dates: np.ndarray,
    signs: Array,
    means: Array,
) -> Array:
    """Return the largest test in each sample; x, and cumulated x u and x^2 (N, S),
    signs (B, N), means (B, S) -> (B,).

    Notes
    -----
    The outcome of a sample is g_i u_it less its mean m_t of the date. Regressors have no
    date means, so that m_t leaves no trace in the slopes. Unit i moves b_1 - b_2 by
    sum_{t <= s} x_it (g_i u_it - m_t - b_1 x_it) / sum_{t <= s} x^2 less the same of the
    second regime; sums over dates accumulate from one break to the next.
    """
    units = len(x)
    of_means = np.zeros_like(signs)  # sum_{t <= s} x_it m_t
    of_all_means = means @ x.T
    total = squares[:, -1]
    largest = np.full(len(signs), -np.inf)
    for date in range(dates[-1] + 1):
        of_means += means[:, [date]] * x[:, date]
        if date < dates[0]:
            continue
        early = squares[:, date]
        sum_before = early.sum()
        sum_after = total.sum() - sum_before
        before = products[:, date] / sum_before
        after = (products[:, -1] - products[:, date]) / sum_after
        slopes = signs @ np.column_stack([before, after])
        of_slopes = np.stack([early / sum_before, (early - total) / sum_after])
        influence = signs * (before - after)
        influence -= of_means * (1 / sum_before + 1 / sum_after)
        influence += of_all_means / sum_after
        influence -= slopes @ of_slopes
        variance = np.einsum("bi,bi->b", influence, influence) * units / (units - 1)
        wald = (slopes[:, 0] - slopes[:, 1]) ** 2 / variance
        np.maximum(largest, wald, out=largest)
    return largest


def _regime_slopes(x: Array, y: Array) -> RegimeSlopes:
    """Fit both regimes for a break after each date; x, y (N, S) without date means.

    Notes
    -----
    With cumulated products, b_1 = sum_{t <= s} x y / sum_{t <= s} x^2 for every s at
    once. Unit i moves b_1 - b_2 by its score in the first regime less that in the
    second, each over its own sum of squares; the variance is their sum of squares times
    N / (N - 1).
    """
    products = np.cumsum(x * y, axis=1)
    squares = np.cumsum(x**2, axis=1)
    squares_before = squares.sum(axis=0)
    products_before = products.sum(axis=0)
    units = len(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares_after = squares_before[-1] - squares_before
        before = products_before / squares_before
        after = (products_before[-1] - products_before) / squares_after
        score_before = products - before * squares
        rest = squares[:, -1:] - squares
        score_after = products[:, -1:] - products - after * rest
        influence = score_before / squares_before - score_after / squares_after
        variance = (influence**2).sum(axis=0) * units / (units - 1)
        wald = (before - after) ** 2 / variance
    return RegimeSlopes(wald=wald, before=before, after=after)
