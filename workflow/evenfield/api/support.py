"""The values of a variable that units share at all levels of another, on a DataFrame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.data import reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.results import Fit, t_rows
from evenfield.models.support import shared_by_thirds
from evenfield.study.errors import EstimateError


@reported("common-support")
def common_support(
    y: str, data: pd.DataFrame, by: str, *, unit: str | None = None
) -> Fit:
    """Find the values of ``y`` that all thirds of another variable share: where units
    with much and with little of it can be compared.

    Parameters
    ----------
    y, data, unit
        As for ``ols``; one row a unit.
    by : str
        Column by which units are sorted into thirds. Equal values stay together; where
        a third or more have the lowest one, thirds are these, and less and more of the
        others.

    Returns
    -------
    Fit
        ``low`` and ``high``, the highest of the lowest y of the thirds and the lowest of
        the highest ones, NaN where they share none, and the ``share`` of the units
        inside. ``tables["thirds"]`` has units and ends of both variables by third.

    Notes
    -----
    Outside of the common support a comparison along the variable rests on the form of
    the regression alone (Heckman, Ichimura and Todd 1997).

    Raises
    ------
    EstimateError
        If one value stands in so many units that they are one third alone.
    """
    rows = table(outcome_of(y, data), data, unit, None, of_one_date=True)
    values = rows.column(by)
    if not pd.api.types.is_numeric_dtype(values):
        raise EstimateError(
            f"text in {by}", "numbers, which sort units", "name another column"
        )
    found = shared_by_thirds(
        np.asarray(rows.y, dtype=float), np.asarray(rows.numbers(by), dtype=float)
    )
    if len(found.labels) < 2:
        raise EstimateError(
            f"{by} with one value in two thirds of the units or more",
            "values that sort units into two thirds at least",
            "name another column",
        )
    thirds = pd.DataFrame(
        {
            "units": found.units,
            f"{by}, low": found.x_low,
            f"{by}, high": found.x_high,
            "y, low": found.y_low,
            "y, mean": found.y_mean,
            "y, high": found.y_high,
        },
        index=pd.Index(found.labels, name="third"),
    )
    names = ["low", "high", "share"]
    return Fit(
        f"Common support by thirds of {by}",
        t_rows(
            names,
            [found.low, found.high, found.share],
            [np.nan] * len(names),
            "none",
            law="all units",
        ),
        len(rows.y),
        notes={"units": len(rows.y), "thirds": len(found.labels)},
        tables={"thirds": thirds},
        raw=found,
    )
