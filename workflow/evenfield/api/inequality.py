"""Inequality between units and what groups hold of it, and what groups add to growth, on
a DataFrame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from evenfield.api.arguments import finite, whole
from evenfield.api.data import (
    Table,
    matched_weights,
    names_in_order,
    names_of,
    reported,
    table,
)
from evenfield.api.dates import plain_text
from evenfield.api.formula import outcome_of
from evenfield.api.policies import POWER
from evenfield.api.results import Fit, chosen, line_of, share, t_rows
from evenfield.models.inequality import (
    ATKINSON,
    GINI,
    MEASURES,
    SPLITS,
    THEIL,
    Incomes,
    group_growth,
    marked_test,
    marks_of_groups,
    share_test,
)
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.study.errors import EstimateError


@dataclass(frozen=True)
class _Date:
    """Units of one date in the order of their ids."""

    incomes: Incomes
    ids: np.ndarray  # (N,)
    # codes (N,) and names of the groups of each grouping; a group that has no unit at
    # this date is not among them
    groups: list[tuple[np.ndarray, list[str]]]
    marked: np.ndarray  # (N,) 0 or 1; empty without ``marked``


@reported("inequality")
def inequality(
    y: str,
    data: pd.DataFrame,
    *,
    weights: str | None = None,
    groups: str | Sequence[str] | None = None,
    measure: str = "theil_t",
    unit: str | None = None,
    time: str | None = None,
    draws: int = 499,
    seed: int = 0,
    aversion: float | None = None,
    split: str | None = None,
    permutations: int = 0,
    connected: str | None = None,
    w: object = None,
    jackknife: bool = False,
    marked: str | None = None,
    power: float | None = None,
) -> Fit:
    """Measure inequality between units at every date: ``total``, and ``between`` and
    ``within`` groups.

    Parameters
    ----------
    y, data, unit, time
        As for ``dynamic_fe``; y positive, not in logs. Units may differ by date.
    weights : str, optional
        Column of the population.
    groups : str or sequence of str, optional
        Column of groups, or two columns, outer and inner: ``by`` each of them and
        ``within`` both. The Gini coefficient by one column is ``within`` groups,
        ``between`` their means, and ``overlap``.
    measure, aversion : str, float
        theil_t, theil_l, gini, or atkinson with an aversion to inequality above 0, 1 by
        default.
    draws, seed : int
        Samples of units behind the standard errors of the Theil indices, two or more.
    split : str
        nested (what the inner grouping adds to the outer one; the default) or shapley
        (the mean over both orders).
    permutations : int
        Number of times that the labels of groups are dealt out to other units, drawn
        by ``seed`` at each date: the test in ``tables["between"]``.
    connected : str, optional
        Of two groups the one that hangs together by the weights ``w``: the same table
        has the test against all connected groups of as many units.
    w : optional
        What ``weights`` of the library takes, matched to the units by id.
    jackknife : bool
        Whether to give the ``share within`` groups, and its change from the first date
        to the last, with the error that leaving out one group after another gives; no
        change where a group has units at one end alone, which ``notes`` say.
    marked, power : str, float
        Column with 1 in all units of some groups and 0 in others: the mean index inside
        ``marked`` groups less that inside the others, against every choice of as many
        groups, and its change from the first date to the last, by the marks of the
        last; power of the smallest visible difference, 0.8 by default.

    Returns
    -------
    Fit
        The index at every date, with its parts if there are groups; ``tables["over
        time"]`` has one row a date. ``tables["between"]`` has, by date, the index
        ``between`` one grouping, its ``share``, the ``maximum`` that groups of these
        sizes could hold, and the tests.

    Raises
    ------
    EstimateError
        If an income or weight is missing, zero or negative; if a measure has no parts by
        groups; if the group is not connected, or there are not two.

    Notes
    -----
    Theil (1967), Atkinson (1970), Shorrocks (1980, 2013), Dagum (1997); Elbers, Lanjouw,
    Mistiaen and Ozler (2008) for the maximum.
    """
    whole("draws", draws, lowest=2)  # of which a standard deviation is taken
    whole("permutations", permutations, lowest=0)
    chosen("measure", measure, MEASURES)
    if split is not None:
        chosen("split", split, SPLITS)
    if aversion is not None:
        finite("aversion", aversion)
    columns = [] if groups is None else names_of(groups)
    one_grouping = len(columns) < 2
    unused = {
        "w without a connected group": w is not None and connected is None,
        f"split={split!r} of one grouping or none": split is not None and one_grouping,
        f"aversion beside {measure}": aversion is not None and measure != ATKINSON,
        "power without marked groups": power is not None and marked is None,
    }
    for found, is_unused in unused.items():
        if is_unused:
            raise EstimateError(
                found,
                "w= with connected=, split= with two groupings, aversion= with atkinson,"
                " power= with marked=",
                "leave it out",
            )
    aversion = 1.0 if aversion is None else aversion
    split = split or "nested"
    power = POWER if power is None else share("power", power, POWER)
    tests = permutations > 0 or connected is not None
    _check_groups(columns, measure, one_theil=tests or jackknife or marked is not None)
    rows = table(outcome_of(y, data), data, unit, time)
    dates = _dates(rows, weights, columns, marked)
    wide = pd.DataFrame(
        [
            {"total": date.incomes.index(measure, aversion)}
            | _parts(date, columns, measure, split)
            for date in dates
        ],
        index=rows.calendar.labels,
    )
    # The total alone is redrawn; its parts have no error.
    errors = np.full(wide.shape, np.nan)
    if measure in THEIL:
        rng = np.random.default_rng(seed)
        errors[:, 0] = [
            date.incomes.redrawn(measure, rng, draws).std(ddof=1) for date in dates
        ]
    # Terms end in their date where there are several.
    ends = [f" {date}" for date in rows.calendar.text] if len(wide) > 1 else [""]
    names = [f"{part}{end}" for end, part in product(ends, wide)]
    indices = t_rows(
        names,
        wide.to_numpy().ravel(),
        errors.ravel(),
        "bootstrap of units",
        p_value=np.nan,
    )

    def all_rows(level: float) -> pd.DataFrame:
        by_group = []
        if jackknife:
            by_group += _share_rows(dates, ends, measure, level)
        if marked is not None:
            by_group += _marked_rows(dates, ends, measure, marked, level, power)
        more = pd.DataFrame([line_of(row) for row in by_group])
        return pd.concat([indices(level), more], ignore_index=True)

    tables = {"over time": wide}
    if tests:
        between = [
            _between(date, measure, permutations, seed, connected, w) for date in dates
        ]
        tables["between"] = pd.DataFrame(between, index=rows.calendar.labels)
    return Fit(
        f"Inequality, {measure}",
        all_rows if jackknife or marked is not None else indices,
        len(rows.y),
        notes={
            "units": len(rows.units.names),
            "dates": len(wide),
            "groups": ", ".join(columns),
            "change": _without_change(dates) if jackknife or marked is not None else "",
        },
        tables=tables,
    )


def _check_groups(columns: Sequence[str], measure: str, *, one_theil: bool) -> None:
    """Refuse groupings by which a measure is not split or tested."""
    if len(set(columns)) < len(columns):
        raise EstimateError(
            f"the groups {columns[0]} twice", "two groupings", "name another, or one"
        )
    if columns and not one_theil and len(columns) == 1:
        chosen("measure split by groups", measure, [*THEIL, GINI])
    elif columns or one_theil:
        chosen("measure split by two groupings, or tested", measure, THEIL)
    if len(columns) > 2 or (one_theil and len(columns) != 1):
        raise EstimateError(
            f"{len(columns)} columns of groups",
            "one for a test, one or two for parts",
            "give groups='name', the column in the data",
        )


def _dates(
    rows: Table, weights: str | None, columns: Sequence[str], marked: str | None
) -> list[_Date]:
    """Return incomes, people and groups of every date."""
    people = pd.Series(1.0, rows.y.index)
    if weights is not None:
        people = rows.numbers(weights)
    dates = []
    for number in range(len(rows.calendar.labels)):
        at = rows.calendar.codes == number
        groups = []
        for name in columns:
            labels, codes = np.unique(
                rows.column(name)[at].map(plain_text).astype(str), return_inverse=True
            )
            groups.append((codes, labels.tolist()))
        marks = np.array([])
        if marked is not None:
            marks = rows.numbers(marked)[at].to_numpy()
        dates.append(
            _Date(
                incomes=Incomes(
                    income=rows.y[at].to_numpy(), people=people[at].to_numpy()
                ),
                ids=rows.unit[at],
                groups=groups,
                marked=marks,
            )
        )
    return dates


def _parts(
    date: _Date, columns: Sequence[str], measure: str, split: str
) -> dict[str, float]:
    """Return the parts of an index by name, none without groups."""
    codes = [codes for codes, _ in date.groups]
    if not codes:
        return {}
    if measure == GINI:
        gini = date.incomes.gini_parts(codes[0])
        return {
            "between": gini.net_between,
            "within": gini.within,
            "overlap": gini.transvariation,
        }
    if len(codes) == 1:
        parts = date.incomes.theil_parts(measure, codes[0])
        return {"between": parts.between, "within": parts.within}
    names = [*(f"by {name}" for name in columns), "within"]
    by_both = date.incomes.two_parts(measure, codes[0], codes[1], split)
    return dict(zip(names, by_both, strict=True))


def _between(
    date: _Date,
    measure: str,
    permutations: int,
    seed: int,
    connected: str | None,
    w: object,
) -> dict[str, float]:
    """Return the part between groups, its shares and the tests that are asked for."""
    codes, names = date.groups[0]
    part = date.incomes.between(measure, codes)
    line = {
        "between": part.value,
        "share": part.share,
        "maximum": part.maximum,
        "share of maximum": part.share_of_maximum,
    }
    if permutations:
        # At each date the same seed: a date is tested alike alone and beside others.
        rng = np.random.default_rng(seed)
        test = date.incomes.label_test(measure, codes, rng, permutations)
        line |= {"mean of permutations": test.expected, "p": test.p_value}
    if connected is not None:
        group = plain_text(connected)
        chosen("connected group", group, names)
        if len(names) != 2:
            raise EstimateError(
                f"{len(names)} groups", "two, one of them connected", "join the others"
            )
        inside = codes == names.index(group)
        neighbours = matched_weights(w, date.ids)
        test = date.incomes.connected_test(measure, inside, neighbours)
        line |= {"p, connected": test.p_value, "connected groups": test.draws}
    return line


def _share_rows(
    dates: Sequence[_Date], ends: Sequence[str], measure: str, level: float
) -> list[Row]:
    """Return the share within groups at every date, and its change."""
    shares = [date.incomes.within_shares(measure, date.groups[0][0]) for date in dates]
    return [
        Row(f"share within{end}", share_test(values, level), "jackknife of groups")
        for end, values in _with_change(shares, dates, ends).items()
    ]


def _marked_rows(
    dates: Sequence[_Date],
    ends: Sequence[str],
    measure: str,
    marked: str,
    level: float,
    power: float,
) -> list[Row]:
    """Return the mean index inside marked groups less that inside the others, at every
    date, and its change.
    """
    inside = [date.incomes.inside(measure, date.groups[0][0]) for date in dates]
    marks = [marks_of_groups(*date.groups[0], date.marked) for date in dates]
    # ASSUME: groups are compared in their change by the marks of the last date.
    marks.append(marks[-1])
    rows = []
    for k, (end, values) in enumerate(_with_change(inside, dates, ends).items()):
        test = marked_test(values, marks[k], level, power)
        rows.append(Row(f"{marked} - others{end}", test, "permuted groups"))
    return rows


def _without_change(dates: Sequence[_Date]) -> str:
    """Say why there is no change from the first date to the last; empty where there is
    one, or one date.
    """
    first, last = (set(date.groups[0][1]) for date in (dates[0], dates[-1]))
    odd = names_in_order(first ^ last)
    return f"none: {odd[0]} has units at one end alone" if odd else ""


def _with_change(
    by_date: Sequence[Array], dates: Sequence[_Date], ends: Sequence[str]
) -> dict[str, Array]:
    """Return numbers of groups by the end of their term, with the change from the first
    date to the last, if both have the same groups.
    """
    by_end = dict(zip(ends, by_date, strict=True))
    if len(dates) > 1 and dates[0].groups[0][1] == dates[-1].groups[0][1]:
        by_end[f"{ends[-1]} -{ends[0]}"] = by_date[-1] - by_date[0]
    return by_end


@reported("growth-contributions")
def growth_contributions(
    y: str,
    data: pd.DataFrame,
    *,
    groups: str,
    unit: str | None = None,
    time: str | None = None,
) -> Fit:
    """Account for the growth of a total, from the first date to the last, by groups of
    units.

    Parameters
    ----------
    y, data, unit, time
        As for ``dynamic_fe``; y positive, what units add up to, such as output.
    groups : str
        Column of groups, the same at all dates of a unit.

    Returns
    -------
    Fit
        The share of each group in the growth of the total; the shares sum to one.
        ``tables["groups"]`` has beside them the ``points`` (of the total at the first
        date, which sum to its growth rate), the ``share at start`` and the units.

    Raises
    ------
    EstimateError
        If a value is missing, zero or negative, or the total did not change.

    Notes
    -----
    (Y_g1 - Y_g0) / (Y_1 - Y_0) = s_g (growth of g / growth of the total), with s_g the
    share of g at the start: a group whose share in the growth is above s_g outgrew the
    whole.
    """
    rows = table(outcome_of(y, data), data, unit, time)
    rows.check_keys("growth of groups")
    values = rows.balanced(rows.y)
    labels = rows.column(groups).map(plain_text).astype(str)
    names = names_in_order(labels)
    codes_of_rows = pd.Categorical(labels, names).codes
    codes = rows.balanced(codes_of_rows).astype(int)
    differs = (codes != codes[:, :1]).any(axis=1)
    if differs.any():
        raise EstimateError(
            f"{differs.sum()} units whose {groups} changes, first"
            f" {rows.units.names[differs.argmax()]}",
            "one group a unit",
            "take the group of the first date",
        )
    growth = group_growth(values[:, 0], values[:, -1], codes[:, 0])
    frame = pd.DataFrame(
        {
            "share": growth.share,
            "points": growth.points,
            "share at start": growth.before,
            "units": growth.units,
        },
        index=names,
    )
    dates = rows.calendar.text
    return Fit(
        "Contributions to growth",
        t_rows(names, growth.share, [np.nan] * len(names), "none", law="all units"),
        values[:, [0, -1]].size,
        notes={
            "units": len(values),
            "years": f"{dates[0]} to {dates[-1]}",
            "growth of the total": float(growth.points.sum()),
        },
        tables={"groups": frame},
    )
