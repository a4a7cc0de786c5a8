"""Moran's I of a variable on the map, at every date and of every unit, and with
another variable.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import Table, matched_weights, names_of, reported, table
from evenfield.api.formula import outcome_of
from evenfield.api.results import Fit, refuse_undefined, share, tidy
from evenfield.models.moran import (
    LocalTests,
    association,
    bivariate_association,
    local_association,
    map_scatter,
    normal_moments,
)
from evenfield.models.rows import Row
from evenfield.study.errors import EstimateError


@reported("moran")
def moran(
    y: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    controls: str | Sequence[str] = (),
    unit: str | None = None,
    time: str | None = None,
    discovery_rate: float | None = None,
    islands: bool = False,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Test whether neighbours are alike: Moran's I of each date, by permutation.

    Parameters
    ----------
    y : str
        Column, or an expression such as ``np.log(income)``.
    data : DataFrame
        One row a unit, or a balanced panel.
    w : Network or what ``weights`` takes
        Matched to the units by id.
    controls : str or sequence of str
        Columns, text as groups, that are regressed out at each date: I is of the
        residuals, which each permutation regresses anew.
    unit, time : str, optional
        As for ``ols``.
    discovery_rate : float, optional
        At which ``units that differ`` counts the local Moran of a unit, 0.05 by default;
        refused beside controls, with which there is no local Moran.
    islands : bool
        Whether units may lack neighbours: the average over none is zero, the mean, and
        they count among the units. Refused otherwise, by name.
    draws, seed : int
        Permutations of the units over the map, the same for all dates; of the local
        Moran, random neighbours, the same for all units and dates.

    Returns
    -------
    Fit
        ``I`` of each date with the mean and deviation of its permutations behind
        ``statistic``, and a two-sided p. ``tables["over time"]`` has p-values that hold
        for all dates at once, Geary's C, and ``E(I)``, ``sd(I)`` and ``z`` under
        independent normal errors. Without controls it has the number of units that
        differ from chance, and ``tables["local"]`` the local Moran of every unit with
        its quadrant and the p-value adjusted for the number of units.

    Notes
    -----
    Cliff and Ord (1981); Anselin (1995); Freedman and Lane (1983) for residuals;
    Westfall and Young (1993) over dates, Benjamini and Hochberg (1995) over units.
    """
    whole("draws", draws, lowest=1)
    held = names_of(controls)
    if discovery_rate is not None and held:
        raise EstimateError(
            "discovery_rate beside controls",
            "one of them: units are compared without controls",
            "leave the other out",
        )
    rate = 0.05 if discovery_rate is None else discovery_rate
    rate = share("discovery rate", rate, 0.05)
    rows = table(outcome_of(y, data, held), data, unit, time)
    values = rows.balanced(rows.y)
    W = matched_weights(w, rows.units.names, islands)
    # One regression a date, (T, N, K).
    X = rows.balanced(rows.X).swapaxes(0, 1)
    rng = np.random.default_rng(seed)
    of_dates, geary = association(values, W, rng, draws, X if held else None)
    refuse_undefined(of_dates.reason)
    dates = rows.calendar.text
    # One map is a cross-section, whose date says nothing.
    names = [f"I {date}" for date in dates] if len(dates) > 1 else ["I"]
    # Permutations give the law of I without dependence, and no interval around I.
    lines = tidy(of_dates.rows()).assign(term=names)
    mean, std_error = normal_moments(W, X)
    over_time = pd.DataFrame(
        {
            "I": of_dates.statistic,
            "p": of_dates.p_value,
            "p, all dates": of_dates.p_joint,
            "Geary's C": geary.statistic,
            "E(I)": mean,
            "sd(I)": std_error,
            "z": (of_dates.statistic - mean) / std_error,
        },
        index=rows.calendar.labels,
    )
    tables = {"over time": over_time}
    scatter = {}
    beside = f" given {' and '.join(held)}" if held else ""
    if not held:
        rng = np.random.default_rng(seed)
        local = local_association(values, W, rng, draws)
        refuse_undefined(local.reason)
        differ = [row.test.estimate for row in local.rows(rate)]
        over_time["units that differ"] = np.array(differ).astype(int)
        tables["local"] = _of_units(rows, local)
        last = values[:, -1]
        scatter = {"scatter": _scatter(rows, map_scatter(last, last, W))}
    return Fit(
        f"Moran's I{beside}",
        lambda _: lines,
        values.size,
        notes={"units": len(values), "mean without dependence": float(mean[-1])},
        tables=tables,
        _drawn=scatter,
        raw=of_dates,
    )


def _scatter(rows: Table, scatter: np.ndarray) -> pd.DataFrame:
    """Return each unit's value and the mean of its neighbours, (N, 2), by unit."""
    return pd.DataFrame(scatter, rows.units.names, ["value", "neighbours"])


def _of_units(rows: Table, local: LocalTests) -> pd.DataFrame:
    """Return the local Moran, a row a unit and date."""
    dates = rows.calendar.labels
    units = rows.units.names
    each = pd.DataFrame(
        {
            "unit": np.repeat(units, len(dates)),
            "date": np.tile(dates, len(units)),
            "local I": local.statistic.ravel(),
            "p": local.p_value.ravel(),
            "q": local.q_value.ravel(),
            "quadrant": local.quadrant.ravel(),
        }
    )
    return each if len(dates) > 1 else each.drop(columns="date")


@reported("moran")
def bivariate_moran(
    y: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    neighbours: str,
    unit: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Test whether a variable goes with another one of the neighbours.

    Parameters
    ----------
    y, neighbours : str
        Column, or an expression of columns, of the unit; column of its neighbours.
    data, w, unit
        As for ``moran``, one row a unit.
    draws, seed : int
        Permutations of ``neighbours`` over the map; ``y`` stays in its place.

    Returns
    -------
    Fit
        ``I``, as for ``moran``, with ``E(I)`` of the permutations.

    Notes
    -----
    I = y'W z / sqrt(y'y z'z), both less their means (Wartenberg 1985). Association: what
    the unit has itself of z is not held fixed.
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, None, of_one_date=True)
    other = np.asarray(rows.numbers(neighbours), dtype=float)
    W = matched_weights(w, rows.units.names)
    rng = np.random.default_rng(seed)
    pair = bivariate_association(np.asarray(rows.y, dtype=float), other, W, rng, draws)
    lines = tidy([Row("I", pair.test, "permutation")])
    return Fit(
        f"Moran's I with {neighbours} of the neighbours",
        lambda _: lines,
        len(rows.y),
        notes={"units": len(rows.y), "mean without dependence": pair.mean},
        _drawn={
            "scatter": _scatter(
                rows, map_scatter(np.asarray(rows.y, dtype=float), other, W)
            )
        },
        raw=pair,
    )
