"""Moran's I of a variable on the map, at every date and of every unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import matched_weights, reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.results import Fit, refuse_undefined, tidy
from evenfield.models.moran import association, local_association


@reported("moran")
def moran(
    y: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    unit: str | None = None,
    time: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Test whether neighbours are alike: Moran's I of each date, by permutation.

    Parameters
    ----------
    y : str
        Column, or an expression such as ``np.log(income)``; residuals of a regression
        are a column, too.
    data : DataFrame
        One row a unit, or a balanced panel.
    w : Network or what ``weights`` takes
        Matched to the units by id.
    unit, time : str, optional
        As for ``ols``.
    draws, seed : int
        Permutations of the units over the map, the same for all dates and units.

    Returns
    -------
    Fit
        ``I`` of each date with the mean and deviation of its permutations behind
        ``statistic``, and a two-sided p. ``tables["over time"]`` has Geary's C and
        p-values that hold for all dates at once; ``tables["local"]`` the local Moran of
        every unit with its quadrant and the p-value adjusted for the number of units.

    Notes
    -----
    Cliff and Ord (1981); Anselin (1995); Westfall and Young (1993) over dates, Benjamini
    and Hochberg (1995) over units.
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, time)
    values = rows.balanced(rows.y)
    W = matched_weights(w, rows.units.names)
    # One seed for both, so that dates and units see the same permutations.
    of_dates, geary = association(values, W, np.random.default_rng(seed), draws)
    local = local_association(values, W, np.random.default_rng(seed), draws)
    refuse_undefined(of_dates.reason or local.reason)
    dates = rows.calendar.text
    # One map is a cross-section, whose date says nothing.
    names = [f"I {date}" for date in dates] if len(dates) > 1 else ["I"]
    # Permutations give the law of I without dependence, and no interval around I.
    lines = tidy(of_dates.rows()).assign(term=names)
    over_time = pd.DataFrame(
        {
            "I": of_dates.statistic,
            "p": of_dates.p_value,
            "p, all dates": of_dates.p_joint,
            "Geary's C": geary.statistic,
        },
        index=rows.calendar.labels,
    )
    each = pd.DataFrame(
        {
            "unit": np.repeat(rows.units.names, len(dates)),
            "date": np.tile(rows.calendar.labels, len(values)),
            "local I": local.statistic.ravel(),
            "p": local.p_value.ravel(),
            "q": local.q_value.ravel(),
            "quadrant": local.quadrant.ravel(),
        }
    )
    if len(dates) == 1:
        each = each.drop(columns="date")
    return Fit(
        "Moran's I",
        lambda _: lines,
        values.size,
        # E(I) = -1 / (N - 1) without dependence: I is compared with that, not zero.
        notes={"units": len(values), "mean without dependence": -1 / (len(values) - 1)},
        tables={"over time": over_time, "local": each},
        raw=of_dates,
    )
