"""Sigma convergence: the dispersion of incomes over time, and whether it fell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.data import reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.results import Fit, t_rows
from evenfield.numerics import dispersion
from evenfield.numerics import ols as plain
from evenfield.study.errors import EstimateError


@reported("sigma")
def sigma(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    start: Any = None,
    end: Any = None,
) -> Fit:
    """Describe the dispersion of log income by date, and test whether it fell.

    Parameters
    ----------
    y : str
        Income itself, positive; its logarithm is taken here.
    data : DataFrame
        A balanced panel.
    unit, time : str, optional
        As for ``ols``.
    start, end : optional
        Dates of the test; the first and the last by default.

    Returns
    -------
    Fit
        Standard deviations of log income at both dates (N - 1 in the denominator), and
        ``fall``, positive where dispersion fell, with HC3 errors. ``tables["over
        time"]`` has sigma, the lowest and the highest of leaving one unit out, the
        coefficient of variation, and the ratio of the 90th to the 10th percentile.

    Notes
    -----
    ``fall`` is the slope of y_0 - y_T on y_0 + y_T (Pitman 1939; Morgan 1939): a zero
    slope is equal variance. T2 in ``notes`` is Carree and Klomp's (1997), whose size is
    right for independent normal units only.
    """
    rows = table(levels_of(y, data), data, unit, time)
    income = positive(rows)
    dates = rows.calendar
    first = 0 if start is None else dates.position_of(start)
    last = len(dates.labels) - 1 if end is None else dates.position_of(end)
    if not last > first:
        raise EstimateError(
            f"dates {dates.text[first]} and {dates.text[last]}",
            "two dates of the data, in order",
            "set start and end",
        )
    log = np.log(income)
    change = log[:, first] - log[:, last]
    total = log[:, first] + log[:, last]
    fit = plain.fit_ols(change, np.column_stack([total, np.ones(len(log))]))
    test = dispersion.carree_klomp_t2_test(log[:, first], log[:, last])
    left_out = dispersion.leave_one_out_sigma(log)
    deviations = dispersion.sigma(log)
    over_time = pd.DataFrame(
        {
            "sigma": deviations,
            "one left out, lowest": left_out.min(axis=0),
            "one left out, highest": left_out.max(axis=0),
            "coefficient of variation": dispersion.coefficient_of_variation(income),
            "p90/p10": dispersion.percentile_ratio(income),
        },
        index=dates.labels,
    )
    names = [f"sigma {dates.text[first]}", f"sigma {dates.text[last]}", "fall"]
    slope = float(fit.beta[0])
    error = float(np.sqrt(plain.cov_hc3(fit)[0, 0]))
    lines = t_rows(
        names,
        [deviations[first], deviations[last], slope],
        [np.nan, np.nan, error],
        "HC3",
        fit.df,
    )
    return Fit(
        "Sigma convergence",
        lines,
        log.size,
        notes={
            "units": len(log),
            "dates": len(dates.labels),
            "T2": float(test.statistic),
            "T2 p": float(test.p_value),
        },
        tables={"over time": over_time},
        raw=fit,
    )
