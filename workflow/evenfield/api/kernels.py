"""Incomes that move, without classes, on a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.results import Fit, tidy
from evenfield.models.kernels import ergodic_kernel, mode_row, one_mode
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array, order_by_value
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.kernel_dynamics import MOST_PAIRS
from evenfield.study.errors import EstimateError

MODES = "modes, long run"


@reported("stochastic-kernel")
def stochastic_kernel(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    step: int = 1,
    points: int = 60,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Estimate the density of later income given earlier income, the density that it
    settles into and its modes, and test whether incomes of the first and the last date
    have one.

    Parameters
    ----------
    y : str
        Income relative to all units, such as income over its mean of the date: positive;
        its logarithm is taken here.
    data : DataFrame
        A balanced panel of ten units or more, dates equally far apart.
    unit, time : str, optional
        As for ``ols``.
    step : int
        Dates from the earlier to the later income.
    points : int
        Of the grid over the range that was seen, on which densities stand.
    draws, seed : int
        Smoothed samples of each of both dates, from the same seed; units from
        the highest last income down, so that their names move no number.

    Returns
    -------
    Fit
        The critical bandwidth of ``one mode`` at the first and the last date, in log
        points, with its p, small where one mode is refused; ``modes, long run``: how many
        modes of the ergodic density rise above the ground around them by a twentieth of
        the highest. ``tables["kernel"]`` has the density of the later log income (columns)
        given the earlier one (rows), ``tables["ergodic"]`` the density by log income,
        ``notes`` whether its highest mode stands at an end of the range, and, where there
        are more than 4000 moves, that the kernel is that of 4000 of them at evenly spaced
        ranks. ``nobs`` counts the moves of the kernel.

    Raises
    ------
    EstimateError
        If step, points or draws are too low or no whole numbers; a unit lacks a date or
        has two rows of one; dates are not equally far apart, or hold no move over
        ``step``; an income is not above zero; units or moves are fewer than ten; all
        incomes of a date that is used are alike; or the kernel settles into no single
        density.

    Notes
    -----
    Quah (1997); local linear means with the residuals' density (Hyndman, Bashtannyk and
    Grunwald 1996), adaptive bandwidths (Abramson 1982), reflected at the ends of the
    range (Schuster 1985). Silverman (1981), which is conservative.
    """
    whole("step", step, lowest=1)
    whole("points", points, lowest=3)
    whole("draws", draws, lowest=1)
    rows = table(levels_of(y, data), data, unit, time)
    rows.check_keys("a kernel of moves")
    logs = np.log(positive(rows))
    # From the highest last income down, so that names move no draw.
    logs = logs[order_by_value(logs[:, ::-1])[::-1]]
    dates = rows.calendar
    dates.even("moves over as many dates")
    _refuse_alike(logs, step, dates.text)
    found = ergodic_kernel(logs, step, points)
    used = min(found.pairs, MOST_PAIRS)
    lines = []
    for position in (0, logs.shape[1] - 1):
        rng = np.random.default_rng(seed)
        test = one_mode(logs[:, position], rng, draws)
        lines.append(mode_row(f"one mode, {dates.text[position]}", test))
    lines.append(Row(MODES, Tested(estimate=float(found.modes))))
    grid = pd.Index(found.kernel.grid, name="log income")
    return Fit(
        "Stochastic kernel",
        lambda _: tidy(lines),
        used,
        notes={
            "units": len(logs),
            "dates": logs.shape[1],
            "at an end of the range": "the highest mode" if found.at_an_end else "",
            "moves of the kernel": (
                f"{used} of {found.pairs}" if used < found.pairs else ""
            ),
        },
        tables={
            "ergodic": pd.DataFrame({"density": found.ergodic_density}, index=grid),
            "kernel": pd.DataFrame(found.kernel.density, grid, grid),
        },
        raw=found,
    )


def _refuse_alike(logs: Array, step: int, dates: Sequence[str]) -> None:
    """Refuse a date of origin or destination at which all incomes are alike; (N, T)."""
    position = np.arange(len(dates))
    used = (position < len(dates) - step) | (position >= step)
    # ASSUME: incomes that differ by less than 1e-12 differ by rounding.
    for t in position[used & (np.ptp(logs, axis=0) <= 1e-12)]:
        raise EstimateError(
            f"all incomes of {dates[t]} alike",
            "incomes that differ at each date",
            "leave the dates before or after it out, or look for imputed values",
        )
