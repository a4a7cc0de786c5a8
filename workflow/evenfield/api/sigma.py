"""Sigma convergence: the dispersion of incomes over time, and whether it fell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.arguments import below_half, whole
from evenfield.api.data import reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.regression import UNREAD, inferences, not_read, ols
from evenfield.api.results import Fit, tidy
from evenfield.models.rows import Row
from evenfield.models.sigma import (
    dispersion,
    dispersion_breaks,
    fall,
    variance_trend,
)
from evenfield.numerics.arrays import order_by_value
from evenfield.numerics.inference.design import Tested


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
    right for independent normal units only; T3 describes.
    """
    model = levels_of(y, data)
    rows = table(model, data, unit, time)
    rows.check_keys("dispersion over time")
    log = np.log(positive(rows))
    dates = rows.calendar
    first, last = dates.ends(start, end)
    # Clusters and coordinates are those of the first date.
    ends = table(model, rows.data[dates.codes == first], rows.unit_name, None)
    by = inferences(ends, ["Intercept", "total"], options)
    result = fall(log[:, first], log[:, last], *by)
    path = dispersion(log, rows.units.names)
    over_time = pd.DataFrame(
        {
            "sigma": path.sigma,
            "one left out, lowest": path.sigma_low,
            "one left out, highest": path.sigma_high,
            "coefficient of variation": path.cv,
            "p90/p10": path.p90_p10,
        },
        index=dates.labels,
    )
    names = {
        "sigma_start": f"sigma {dates.text[first]}",
        "sigma_end": f"sigma {dates.text[last]}",
        "slope": "fall",
    }
    return Fit(
        "Sigma convergence",
        lambda level: tidy(result.rows(level), names),
        log.size,
        notes={
            "units": len(log),
            "dates": len(dates.labels),
            "T2": result.t2.statistic,
            "T2 p": result.t2.p_value,
            "T3": result.t3.estimate,
            UNREAD: not_read(by[1], options),
        },
        tables={"over time": over_time},
        raw=result,
    )


@reported("sigma-path")
def sigma_path(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    most_breaks: int = 3,
    trim: float = 0.15,
    draws: int = 1999,
    seed: int = 0,
) -> Fit:
    """Test whether the dispersion of log income has a falling trend over all dates, and
    date breaks in its path.

    Parameters
    ----------
    y : str
        Income itself, positive; its logarithm is taken here.
    data : DataFrame
        A balanced panel of six dates or more, equally far apart.
    unit, time : str, optional
        As for ``ols``.
    most_breaks : int
        Most breaks in level and trend of sigma that are searched.
    trim : float
        Share of the dates, between 0 and 0.5, that a segment has at least; five dates in
        any case.
    draws, seed : int
        Panels of constant variance at each of five values of their persistence; units by
        their incomes from the first date on.

    Returns
    -------
    Fit
        ``trend``: slope of the variance of log income between units on time, squared log
        points a year, with its fixed-b error and a one-sided p, that it falls.
        ``tables["segments"]`` has first and last date of each segment and the line
        through sigma at both; ``tables["breaks"]``, by their number, the last dates of
        the segments and the criteria LWZ, which takes the smallest, and BIC. Breaks
        describe: sigma is persistent, and no test is attached.

    Raises
    ------
    EstimateError
        If dates are missing or too few for a trend or for one segment.

    Notes
    -----
    Kong, Phillips and Sul (2019), with the law of panels of constant variance, the
    largest p over their persistence; fixed-b errors of Kiefer and Vogelsang (2005).
    Bai and Perron (2003); Liu, Wu and Zidek (1997).
    """
    whole("most_breaks", most_breaks, lowest=0)
    whole("draws", draws, lowest=1)
    below_half("trim", trim)
    model = levels_of(y, data)
    rows = table(model, data, unit, time)
    rows.check_keys("dispersion over time")
    log = np.log(positive(rows))
    log = log[order_by_value(log)]
    dates = rows.calendar
    dates.even("a trend of dispersion")
    test = variance_trend(log, dates.years, np.random.default_rng(seed), draws)
    years = np.array([dates.between(0, last) for last in range(log.shape[1])])
    found = dispersion_breaks(log, years, most_breaks, trim)
    law = f"{draws} panels of constant variance, largest over their persistence"
    trend = Tested(
        estimate=test.slope,
        std_error=test.std_error,
        statistic=test.statistic,
        p_value=test.p_constant_variance,
        law=law,
    )
    text = np.array(dates.text)
    firsts, lasts = np.transpose(found.segments)
    segments = pd.DataFrame(
        {
            "first": dates.labels[firsts],
            "last": dates.labels[lasts],
            "sigma, first": [low for low, _ in found.lines],
            "sigma, last": [high for _, high in found.lines],
        },
        index=range(1, len(lasts) + 1),
    )
    breaks = pd.DataFrame(
        {
            "after": [", ".join(text[[*fit.last]]) for fit in found.fits],
            "LWZ": [fit.lwz for fit in found.fits],
            "BIC": [fit.bic for fit in found.fits],
        }
    )
    return Fit(
        "Path of dispersion",
        lambda _: tidy([Row("trend", trend, "constant variance")]),
        log.size,
        notes={
            "units": len(log),
            "dates": log.shape[1],
            "breaks": len(found.best.last),
            "persistence": test.persistence,
            "p of a stationary variance": test.p_fixed_b,
        },
        tables={"segments": segments, "breaks": breaks},
        _drawn={"sigma": pd.Series(log.std(axis=0, ddof=1), index=dates.labels)},
        raw=test,
    )
