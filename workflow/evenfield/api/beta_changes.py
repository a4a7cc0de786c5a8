"""Speeds of beta convergence in several spans of years, compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.regression import said_of_logarithm
from evenfield.api.results import Fit, t_rows
from evenfield.models.beta import speed_changes


@reported("beta-changes")
def beta_changes(
    y: str,
    data: pd.DataFrame,
    spans: Sequence[tuple[object, object]],
    *,
    unit: str | None = None,
    time: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Test whether the speed of beta convergence changed from one span of years to
    others.

    Parameters
    ----------
    y : str
        Level in logs: a column, or an expression such as ``np.log(income)``.
    data : DataFrame
        A balanced panel.
    spans : sequence of pairs
        First and last date of each span; the others are compared with the first one.
    unit, time : str, optional
        As for ``ols``.
    draws, seed : int
        Samples of a wild bootstrap with one sign a unit.

    Returns
    -------
    Fit
        Speed of each span less that of the first, a year: joint HC3 errors by the delta
        method, intervals by t(N - 2), p by bootstrap-t. ``tables["speed"]`` has the speed
        of each span, ``tables["joint"]`` the test that all are equal.

    Notes
    -----
    b = -(1 - exp(-s T)) / T, so that spans of different length are compared by s =
    -ln(1 + b T) / T (Barro and Sala-i-Martin 1992) and not by slopes.
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, time)
    rows.check_keys("growth")
    levels = rows.balanced(rows.y)
    dates = rows.calendar
    ends = dates.ends_of_spans(spans)
    firsts, lasts = (list(positions) for positions in zip(*ends, strict=True))
    years = np.array([dates.between(first, last) for first, last in ends])
    # Mean growth a year of each span, whatever the step between dates.
    growth = (levels[:, lasts] - levels[:, firsts]) / years
    said = said_of_logarithm(rows.y, pd.Series(growth.ravel()))
    names = [f"{dates.text[first]} to {dates.text[last]}" for first, last in ends]
    rng = np.random.default_rng(seed)
    # The level is that of intervals, which ``t_rows`` makes for any.
    test = speed_changes(growth, levels[:, firsts], years, rng, draws, 0.95)
    estimate = [one.estimate for one in test.contrasts]
    errors = [one.std_error for one in test.contrasts]
    return Fit(
        "Changes of the speed of convergence",
        t_rows(
            [f"{name} less {names[0]}" for name in names[1:]],
            estimate,
            errors,
            "HC3 over spans",
            test.contrasts[0].df,
            p_value=test.p_bootstrap,
        ),
        growth.size,
        notes={"units": len(levels), "spans": len(names), "outcome": said},
        tables={
            "speed": pd.DataFrame({"speed": test.speed}, index=names),
            "joint": pd.DataFrame(
                {
                    "statistic": test.wald,
                    "df": len(names) - 1,
                    "p_value": test.wald_p,
                },
                index=["all speeds equal"],
            ),
        },
        raw=test,
    )
