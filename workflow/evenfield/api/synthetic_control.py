"""One unit under a policy against a weighted average of others, on a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.data import Table, reported, table
from evenfield.api.dates import Dates, plain_text
from evenfield.api.formula import outcome_of
from evenfield.api.policies import LEVEL
from evenfield.api.results import Fit, chosen, tidy
from evenfield.models.synthetic_control import (
    FEWEST_DATES,
    FEWEST_DONORS,
    SyntheticControl,
)
from evenfield.models.synthetic_control import synthetic_control as model
from evenfield.study.errors import EstimateError, counted


@reported("synthetic-control")
def synthetic_control(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    treated: object,
    date: object,
    start: object = None,
    fit_end: object = None,
    end: object = None,
    donors: object = None,
    exclude: object = (),
    placebo: object = None,
    demeaned: bool = True,
) -> Fit:
    """Compare one unit from the date of a policy on with a weighted average of others
    that followed it before.

    Parameters
    ----------
    y : str
        Column, or an expression such as ``np.log(income)``.
    data, unit, time
        As for ``ols``; values may be missing only of units and at dates that are not
        used.
    treated : id
        The unit under the policy, one.
    date : date
        First date of the policy, one of the data.
    start, fit_end, end : date, optional
        First and last date that the weights are fitted to, five dates at least, and last
        date of the effect; by default the first of the data, the one before ``date``,
        and the last.
    donors, exclude : id or sequence of ids, optional
        Units that may get weight, by default all others, and those of them that may
        not: units that got the policy, too, or felt it. Three donors at least.
    placebo : date, optional
        A date of the fit at which nothing happened: the weights are fitted before it,
        and the effect runs up to the end of the fit.
    demeaned : bool
        Whether paths are taken less their own mean over the fit, so that a constant gap
        is left free.

    Returns
    -------
    Fit
        ``gap``, the mean of y less that of the synthetic control from ``date`` to
        ``end``, in the unit of y, by three inferences: ``ranks`` (of the absolute mean
        gap among the unit and all donors, each against the other donors; the interval
        holds the constant effects that this test does not reject, all with fewer than 19
        donors at 95 %), ``ratio`` (ranks of the root mean squared gap after over that
        before; ``statistic`` is the ratio) and ``conformal`` (weights fitted to all
        dates, residuals moved over time). With ``placebo`` also ``gap, placebo DATE``.
        None has a standard error. ``tables["weights"]`` has the donors with weight;
        ``tables["path"]`` actual, synthetic and gap by date, and which dates are of fit
        and effect; ``tables["gaps"]`` the gaps of the unit and of each donor by date;
        ``tables["placebos"]`` mean gap, errors and ratio of each donor; and
        ``tables["leave one out"]`` the mean gap without each donor that has weight.

    Raises
    ------
    EstimateError
        If the unit or a donor is not there, a date is not of the data or out of order,
        dates of the fit or donors are too few, dates are missing, or a unit that is used
        lacks a value.

    Notes
    -----
    min_w sum_t (y_1t - sum_j w_j y_jt)^2, w_j >= 0, sum_j w_j = 1 over the dates of the
    fit (Abadie, Diamond and Hainmueller 2010), on paths alone: there are no other
    predictors. Demeaned: Ferman and Pinto (2021); interval: Firpo and Possebom (2018);
    conformal: Chernozhukov, Wuthrich and Zhu (2021). Of weights that fit equally well
    the most even ones are taken.
    """
    rows = table(outcome_of(y, data), data, unit, time, keep_missing=True)
    rows.check_keys("a synthetic control")
    name = _treated(rows, treated)
    units = _with_donors(rows, name, donors, exclude)
    dates = rows.calendar
    since = dates.position_of(date)
    last = len(dates.labels) - 1 if end is None else dates.position_of(end)
    first = 0 if start is None else dates.position_of(start)
    fitted = since - 1 if fit_end is None else dates.position_of(fit_end)
    _check_order(dates, first, fitted, since, last)
    control = model(
        _paths(rows, units, first, last),
        units,
        name,
        fit_dates=fitted + 1 - first,
        since=since - first,
        demeaned=demeaned,
    )
    early = None
    if placebo is not None:
        at = dates.position_of(placebo)
        _check_placebo(dates, first, at, fitted)
        early = control.at_placebo(at - first)
    placebo_term = "" if early is None else f"gap, placebo {dates.text[at]}"

    def lines(level: float) -> pd.DataFrame:
        tests = control.rows(level)
        if early is not None:
            tests.append(early.ranked(level)._replace(term=placebo_term))
        return tidy(tests)

    used_dates = int((control.before | control.after).sum())
    text = dates.text
    return Fit(
        "Synthetic control",
        lines,
        used_dates * len(units),
        notes={
            "treated": name,
            "units": len(units),
            "donors": len(control.donors),
            "with weight": len(control.main.used),
            "fit": f"{text[first]} to {text[fitted]}",
            "effect": f"{text[since]} to {text[last]}",
            "error before": control.main.rmspe,
            **_cautions(control),
        },
        tables=_tables(control, dates.labels[first : last + 1]),
        raw=control,
    )


def _ids(ids: Any) -> list[str]:
    """Return one id or several as text, as units of a table are named."""
    if isinstance(ids, np.ndarray):
        ids = ids.ravel().tolist()
    several = isinstance(ids, Iterable) and not isinstance(ids, str | bytes)
    return [str(one) for one in (ids if several else [ids])]


def _known(rows: Table, ids: Any, what: str) -> list[str]:
    """Return ids that are all there, each once, and refuse the first that is not."""
    there = {str(name) for name in rows.units.names}
    # 5 is the unit 5.0, if there is no other 5.
    names = {plain_text(name): name for name in sorted(there)}
    names |= {name: name for name in there}
    wanted = [one if one in names else plain_text(one) for one in _ids(ids)]
    for name in wanted:
        chosen(what, name, names)
    return list(dict.fromkeys(names[name] for name in wanted))


def _treated(rows: Table, treated: Any) -> str:
    """Return the id of the treated unit, one that is there."""
    is_several = isinstance(treated, Iterable) and not isinstance(treated, str)
    if is_several or treated is None or isinstance(treated, bool | np.bool_):
        raise EstimateError(
            f"treated={treated!r}",
            "the id of one unit",
            "fit several units one by one, or together by event_study",
        )
    return _known(rows, treated, "treated unit")[0]


def _with_donors(rows: Table, treated: str, donors: Any, exclude: Any) -> list[str]:
    """Return the units that are used, the treated one and enough donors."""
    names = [str(name) for name in rows.units.names]
    allowed = names if donors is None else _known(rows, donors, "donor")
    left_out = _known(rows, exclude, "unit to exclude")
    named = {"donors": [] if donors is None else allowed, "exclude": left_out}
    for argument, ids in named.items():
        if treated in ids:
            raise EstimateError(
                f"the treated unit {treated} in {argument}",
                "units without the policy",
                "leave it out there",
            )
    units = [treated, *(u for u in allowed if u not in {treated, *left_out})]
    if len(units) - 1 < FEWEST_DONORS:
        raise EstimateError(
            f"{counted(len(units) - 1, 'donor')} for {treated}",
            f"{FEWEST_DONORS} at least",
            "take more units, or exclude fewer",
        )
    return units


def _check_order(dates: Dates, first: int, fitted: int, since: int, last: int) -> None:
    """Refuse dates out of order, too few of them to fit, and dates that are missing."""
    text = dates.text
    if not (first <= fitted < since <= last):
        before = text[fitted] if fitted >= 0 else "nothing"
        raise EstimateError(
            f"a fit from {text[first]} to {before} and an effect from {text[since]} to"
            f" {text[last]}",
            "a fit that ends before the effect begins, each in order",
            "correct date, start, fit_end or end",
        )
    _check_length(fitted + 1 - first, text[fitted])
    used = (dates.codes >= first) & (dates.codes <= last)
    dates.among(used).even("residuals that move over time")


def _check_placebo(dates: Dates, first: int, at: int, fitted: int) -> None:
    """Refuse a placebo that is no date of the fit, or too early in it."""
    text = dates.text
    if not first < at <= fitted:
        raise EstimateError(
            f"placebo={text[at]}",
            f"a date of the fit after its first one, {text[first + 1]} to {text[fitted]}",
            "take an earlier or a later one",
        )
    _check_length(at - first, text[at - 1])


def _check_length(count: int, end: str) -> None:
    if count < FEWEST_DATES:
        raise EstimateError(
            f"{counted(count, 'date')} to fit, up to {end}",
            f"{FEWEST_DATES} at least",
            "take a later date, or an earlier start",
        )


def _paths(rows: Table, units: list[str], first: int, last: int) -> np.ndarray:
    """Return the outcome of some units between two dates, (N, T), and refuse the first
    hole.
    """
    count = len(rows.calendar.labels)
    grid = rows.grid(rows.y, np.arange(count), count)
    position = {str(name): i for i, name in enumerate(rows.units.names)}
    paths = grid[[position[name] for name in units], first : last + 1]
    holes = np.argwhere(np.isnan(paths))
    if len(holes):
        i, t = holes[0]
        raise EstimateError(
            f"{counted(len(holes), 'pair')} of unit and date without a value, first"
            f" {units[i]} in {rows.calendar.text[first + t]}",
            "a value of the treated unit and each donor at every date",
            "fill them, exclude the unit, or take fewer dates",
        )
    return np.asarray(paths)


def _cautions(control: SyntheticControl) -> dict[str, str]:
    """Return what a reader must know of fit and interval, empty where nothing is to be
    said.
    """
    count = len(control.donors)
    poor = f"error before above that of {count - control.worse} of {count} donors"
    no_interval = np.isinf(control.ranked(LEVEL).test.conf_low)
    return {
        "poor fit": poor if control.poor else "",
        "no 95 % interval": "too few donors" if no_interval else "",
    }


def _tables(control: SyntheticControl, labels: np.ndarray) -> dict[str, pd.DataFrame]:
    main = control.main
    index = pd.Index(labels, name="date")
    path = pd.DataFrame(
        {
            "actual": main.actual,
            "synthetic": main.actual - main.gaps,
            "gap": main.gaps,
            "of": np.where(main.before, "fit", np.where(main.after, "effect", "")),
        },
        index=index,
    )
    followed = [main, *control.placebos]
    gaps = pd.DataFrame({one.unit: one.gaps for one in followed}, index=index)
    placebos = pd.DataFrame(
        {
            "gap": [one.mean for one in control.placebos],
            "error before": [one.rmspe for one in control.placebos],
            "error after": [one.rmspe_after for one in control.placebos],
            "ratio": [one.ratio for one in control.placebos],
        },
        index=pd.Index(control.donors, name="unit"),
    )
    weights = pd.DataFrame({"weight": main.used}).rename_axis("unit")
    without = pd.DataFrame({"gap": control.left_out}).rename_axis("without")
    return {
        "weights": weights.sort_values("weight", ascending=False, kind="stable"),
        "path": path,
        "gaps": gaps,
        "placebos": placebos,
        "leave one out": without,
    }
