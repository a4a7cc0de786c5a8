"""Sigma convergence: the dispersion of incomes over time, and whether it fell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.data import reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.regression import ols
from evenfield.api.results import NUMBERS, Fit
from evenfield.numerics import dispersion


@reported("sigma", passes_to=ols)
def sigma(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    start: object = None,
    end: object = None,
    **options: object,
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
    **options
        As for ``ols``; inference is HC3 by default.

    Returns
    -------
    Fit
        Standard deviations of log income at both dates (N - 1 in the denominator), and
        ``fall``, positive where dispersion fell. ``tables["over
        time"]`` has sigma, the lowest and the highest of leaving one unit out, the
        coefficient of variation, and the ratio of the 90th to the 10th percentile.

    Notes
    -----
    ``fall`` is the slope of y_0 - y_T on y_0 + y_T (Pitman 1939; Morgan 1939): a zero
    slope is equal variance. T2 in ``notes`` is Carree and Klomp's (1997), whose size is
    right for independent normal units only.
    """
    rows = table(levels_of(y, data), data, unit, time)
    rows.check_keys("dispersion over time")
    income = positive(rows)
    dates = rows.calendar
    first, last = dates.ends(start, end)
    log = np.log(income)
    # cov(y_0 - y_T, y_0 + y_T) = var(y_0) - var(y_T): no slope is equal variance.
    at = dates.codes == first
    ends = rows.data[at].set_axis(rows.unit[at]).loc[rows.units.names]
    ends["change"] = log[:, first] - log[:, last]
    ends["total"] = log[:, first] + log[:, last]
    fit = ols("change ~ total", ends, unit=rows.unit_name, **options)
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

    def lines(level: float) -> pd.DataFrame:
        tests = fit.rows(level)
        fall = tests[tests["term"] == "total"].assign(term="fall")
        # Deviations are described in rows of the test's form, and not tested.
        described = fall.iloc[[0, 0]].assign(
            term=[f"sigma {dates.text[i]}" for i in (first, last)],
            estimate=[deviations[first], deviations[last]],
        )
        # Every number of a row but estimate and df.
        described[NUMBERS[1:3] + NUMBERS[4:]] = np.nan
        return pd.concat([described, fall], ignore_index=True)

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
        raw=fit.raw,
    )
