"""Sigma convergence: the dispersion of incomes over time, and whether it fell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.data import reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.regression import NOT_USED, inferences, not_read, ols
from evenfield.api.results import Fit, tidy
from evenfield.models.sigma import dispersion, fall


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
            NOT_USED: not_read(by[1], options),
        },
        tables={"over time": over_time},
        raw=result,
    )
