"""The speed of convergence as a path: in all windows of one length, with a band over all
of them, and on both sides of one break.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.convergence import Bounds, speed_bounds, speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference, t_inference, t_quantile
from evenfield.numerics.rolling.slope_break import SlopeBreak, slope_break_test
from evenfield.numerics.rolling.windows import (
    WindowFit,
    fit_windows,
    sup_t_critical_value,
    sup_t_draws,
)


class WindowSpeed(NamedTuple):
    """The speed of convergence in one window, as a share a year."""

    speed: float  # NaN where the slope implies none
    slope: Inference  # of mean yearly growth on the level at the start
    pointwise: Bounds  # interval of this window looked at by itself
    band: Bounds  # band that holds for all windows at once
    p_adjusted: float  # of the slope, over all windows


class SpeedWindows(NamedTuple):
    """Regressions of growth on the level at the start in S windows of one length."""

    years: Array  # (S,) length of each window
    fit: WindowFit
    largest: Array  # (draws,) largest |t| over all windows, sorted

    def critical_value(self, level: float) -> float:
        """Return the multiple of the errors that holds for all windows at once."""
        return sup_t_critical_value(self.largest, level)

    def speeds(self, level: float) -> list[WindowSpeed]:
        """Return the speed of each window with its interval and the band.

        Notes
        -----
        lambda = -ln(1 + bT)/T falls in b, so that interval and band of the slope map
        into those of the speed end by end.
        """
        fit = self.fit
        # For one window looked at by itself; the other one is for the whole path.
        widths = t_quantile(0.5 + level / 2, fit.df), self.critical_value(level)
        windows = []
        for slope, error, years in zip(
            fit.slope, fit.std_error, self.years, strict=True
        ):
            pointwise, band = (
                speed_bounds(slope - width * error, slope + width * error, years)
                for width in widths
            )
            test = t_inference(float(slope), float(error), fit.df, level)
            # Share of draws whose largest |t| over all windows is as large as this one.
            beyond = (self.largest >= abs(test.statistic)).sum()
            windows.append(
                WindowSpeed(
                    speed=speed_from_slope(float(slope), years),
                    slope=test,
                    pointwise=pointwise,
                    band=band,
                    p_adjusted=float((1 + beyond) / (1 + len(self.largest))),
                )
            )
        return windows


def speed_windows(
    levels: Array,
    windows: Sequence[tuple[int, int]],
    years: Array,
    rng: np.random.Generator,
    draws: int,
) -> SpeedWindows:
    """Regress mean yearly growth on the level at the start in every window; levels (N, T)
    in logs, first and last date of each of S windows by position, their years (S,).

    Notes
    -----
    One draw of signs by unit moves all windows alike, so that the largest |t| over
    windows keeps their dependence (Montiel Olea and Plagborg-Moller 2019).
    """
    if not windows:
        raise NumericsError("no window to look at")
    starts, stops = np.transpose(windows)
    first = levels[:, starts]
    fit = fit_windows((levels[:, stops] - first) / years, first)
    return SpeedWindows(years, fit, sup_t_draws(fit, rng, draws))


class SpeedBreak(NamedTuple):
    """Speeds on both sides of the date at which the slope of growth changes most."""

    break_position: int  # of the date with which the first regime ends
    before: float  # speeds, as a share a year
    after: float
    test: SlopeBreak


def speed_break(
    levels: Array, step: float, rng: np.random.Generator, draws: int, trim: float
) -> SpeedBreak:
    """Test for one break in the slope of growth on the level a date before, at a date
    that is not known; levels (N, T) in logs, dates ``step`` years apart, a share
    ``trim`` of the T - 1 growths at least on each side.

    Notes
    -----
    g_it = tau_t + b_t y_i,t-1 + e_it. The largest Wald statistic over dates (Andrews
    1993); its law by the fixed-regressor bootstrap (Hansen 2000).
    """
    growth = np.diff(levels, axis=1) / step
    test = slope_break_test(levels[:, :-1], growth, rng, draws, trim)
    # Growth number t runs from date t to t + 1.
    return SpeedBreak(
        break_position=test.break_position + 1,
        before=speed_from_slope(test.before, step),
        after=speed_from_slope(test.after, step),
        test=test,
    )
