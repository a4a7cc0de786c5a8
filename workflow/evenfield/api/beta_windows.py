"""The speed of beta convergence as a path: in all windows of one length, and on both sides
of one break.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.api.arguments import below_half, numeric, whole
from evenfield.api.data import Table, reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.regression import said_of_logarithm
from evenfield.api.results import Fit, tidy
from evenfield.models.rows import Row, tested
from evenfield.models.speed_paths import SpeedWindows, speed_break, speed_windows
from evenfield.models.speeds import NO_SPEED, SPEED_ENDS
from evenfield.numerics.arrays import Array, order_by_value
from evenfield.numerics.inference.design import Tested
from evenfield.study.errors import EstimateError

WINDOW = "window"  # one window looked at by itself
BAND = "all windows"


@reported("beta-windows")
def beta_windows(
    y: str,
    data: pd.DataFrame,
    years: float,
    *,
    unit: str | None = None,
    time: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Follow the speed of beta convergence through all windows of so many years, with a
    band that holds for the whole path.

    Parameters
    ----------
    y : str
        Level in logs: a column, or an expression such as ``np.log(income)``.
    data : DataFrame
        A balanced panel.
    years : float
        Length of a window, above zero, in years: between its first and its last date. Of
        days, the last is the day of the anniversary, or the nearest in the week before
        it; growth is then over the days between both.
    unit, time : str, optional
        As for ``ols``.
    draws, seed : int
        Samples of a wild bootstrap with one sign a unit; units by their levels from the
        first date on, so that their names move no number.

    Returns
    -------
    Fit
        Speed of each window, a share a year, NaN where its slope implies none: the HC3
        interval of the slope, transformed, by ``window``, and the band by ``all
        windows``, whose p is adjusted for looking at all. ``statistic``, ``df`` and ``p``
        are those of the slope. ``notes`` has the critical value of the band of 95 %, in
        standard errors; ``tables["notes"]`` says by window why an end of its interval
        or of the band of 95 % is missing.

    Raises
    ------
    EstimateError
        If no two dates are so many years apart.

    Notes
    -----
    The largest |t| over all windows in samples that keep each unit together (Montiel
    Olea and Plagborg-Moller 2019; Cameron, Gelbach and Miller 2008). Windows overlap, so
    that their neighbours are alike.
    """
    whole("draws", draws, lowest=1)
    numeric("years", years)
    if not 0 < years < np.inf:
        raise EstimateError(
            f"years={years!r}", "more than 0 and finite", "give years=10, say"
        )
    rows, levels = _levels(y, data, unit, time)
    dates = rows.calendar
    windows = dates.windows(years)
    if not windows:
        raise EstimateError(
            f"no two dates are {years:g} years apart",
            "two that are, or are days and at most a week short of it",
            "give years= anew",
        )
    lengths = np.array([dates.between(first, last) for first, last in windows])
    rng = np.random.default_rng(seed)
    path = speed_windows(levels, windows, lengths, rng, draws)
    names = [f"{dates.text[first]} to {dates.text[last]}" for first, last in windows]
    missing = _missing_ends(path, names)
    starts, stops = np.transpose(windows)
    growth = (levels[:, stops] - levels[:, starts]) / lengths
    return Fit(
        f"Speed of convergence in windows of {years:g} years",
        lambda level: tidy(_rows_of(path, names, level)),
        growth.size,
        notes={
            "units": len(levels),
            "windows": len(windows),
            "critical value": path.critical_value(0.95),
            # Intervals by window are narrower.
            "bands without an end": int((missing[BAND] != "").sum()) or "",
            "outcome": said_of_logarithm(rows.y, pd.Series(growth.ravel())),
        },
        tables={"notes": missing},
        _drawn={"windows": [dates.text[first] for first, _ in windows]},
        raw=path,
    )


def _missing_ends(path: SpeedWindows, names: list[str]) -> pd.DataFrame:
    """Say why intervals of 95 % lack an end, by window (rows) and kind (columns)."""
    rows = _rows_of(path, names, 0.95)
    notes = {(row.term, row.method): "; ".join(filter(None, row.notes)) for row in rows}
    return pd.Series(notes).unstack().loc[names, [WINDOW, BAND]]


def _levels(
    y: str, data: pd.DataFrame, unit: str | None, time: str | None
) -> tuple[Table, Array]:
    """Return the table and levels (N, T), units by their values."""
    rows = table(outcome_of(y, data), data, unit, time)
    rows.check_keys("growth")
    levels = rows.balanced(rows.y)
    return rows, levels[order_by_value(levels)]


def _rows_of(path: SpeedWindows, names: list[str], level: float) -> Iterator[Row]:
    windows = path.speeds(level)
    for kind in (WINDOW, BAND):
        for name, window in zip(names, windows, strict=True):
            interval = window.pointwise if kind == WINDOW else window.band
            test = replace(
                tested(window.slope, "", ""),
                estimate=window.speed,
                std_error=np.nan,
                conf_low=interval.low,
                conf_high=interval.high,
            )
            if kind == BAND:
                law = f"largest of {len(path.largest)} samples"
                test = replace(test, p_value=window.p_adjusted, law=law)
            absent = "" if np.isfinite(window.speed) else NO_SPEED
            yield Row(name, test, kind, (absent, SPEED_ENDS.get(interval.note, "")))


@reported("beta-windows")
def beta_break(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    trim: float = 0.15,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Test whether the speed of beta convergence changed once, at a date that is not
    known beforehand.

    Parameters
    ----------
    y, data, unit, time, seed
        As for ``beta_windows``; dates are equally far apart.
    trim : float
        Share of the growths from date to date, one fewer than dates, between 0 and 0.5,
        that stands on each side of a break at least; two growths do.
    draws : int
        Samples without a break, with one sign a unit for all its dates.

    Returns
    -------
    Fit
        ``change`` of the speed, a share a year, with the largest Wald statistic and its
        p, and the speed to the date of the break and after it, which only describe: the
        data chose the date. ``tables["dates"]`` has the Wald statistic of a break after
        each date, NaN where too few growths stand on a side.

    Raises
    ------
    EstimateError
        If units or dates leave no room for a break, or dates are missing.

    Notes
    -----
    Growth from date to date on the level before, effects of dates taken out, one slope
    on each side; variance by unit. Largest Wald over dates (Andrews 1993), its law by the
    fixed-regressor bootstrap (Hansen 2000).
    """
    whole("draws", draws, lowest=1)
    below_half("trim", trim)
    rows, levels = _levels(y, data, unit, time)
    dates = rows.calendar
    dates.even("a break")
    rng = np.random.default_rng(seed)
    growth = np.diff(levels, axis=1) / dates.years
    said = said_of_logarithm(rows.y, pd.Series(growth.ravel()))
    found = speed_break(levels, dates.years, rng, draws, trim)
    test = found.test
    date = dates.text[found.break_position]
    change = Tested(
        estimate=found.after - found.before,
        statistic=test.statistic,
        p_value=test.p_value,
        law=f"largest of {draws} samples",
    )
    described = {f"to {date}": found.before, f"after {date}": found.after}
    lines = [Row("change", change, "largest Wald")]
    lines += [Row(term, Tested(estimate=speed)) for term, speed in described.items()]
    return Fit(
        "One break in the speed of convergence",
        lambda _: tidy(lines),
        growth.size,
        notes={
            "units": len(levels),
            "dates": levels.shape[1],
            "break after": date,
            "outcome": said,
        },
        tables={"dates": pd.DataFrame({"Wald": test.wald}, index=dates.labels[1:])},
        raw=found,
    )
