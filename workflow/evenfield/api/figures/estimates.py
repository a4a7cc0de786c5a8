"""Pictures of estimates: coefficients with intervals, samples and windows, units left out,
specification curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import (
    BAND,
    HIGHLIGHT,
    MOST_TICKS,
    ONSET,
    POINT,
    dates_on_axis,
    interval,
    key_below,
    name_lines,
    name_points,
    number,
    whole_dates,
    zero_line,
)
from evenfield.study.figure_style import (
    ACCENT,
    FAINT,
    INK,
    REFERENCE,
    SERIES,
    SMALL,
    SOFT,
    series_mark,
)

# Parameters that are no effects, and are left out beside others.
BESIDE = {"Intercept", "sigma2"}
ROOM = 0.6  # of the distance between two lines, for the intervals of one
# Height of a choice and most of all choices, in shares of the axes.
LINE = 0.055
MOST_OF_CHOICES = 0.6
SAID = 4  # estimates that a description names


def coefficients(fit: Fit, ax: Axes) -> str:
    """Draw estimates with their intervals, a line a parameter, a mark an inference."""
    rows = fit.to_frame()
    effects = rows[~rows["term"].isin(BESIDE)]
    rows = effects if len(effects) else rows
    terms = list(dict.fromkeys(rows["term"]))
    with_ends = rows[np.isfinite(rows["conf_low"])]
    kinds = list(dict.fromkeys(with_ends["inference"]))
    zero_line(ax, "x")
    # Terms without an interval are points.
    bare = rows[~rows["term"].isin(with_ends["term"])].drop_duplicates("term")
    ax.plot(bare["estimate"], [terms.index(name) for name in bare["term"]], **POINT)
    for place, kind in enumerate(kinds):
        of_kind = with_ends[with_ends["inference"] == kind]
        shift = ROOM * ((place + 0.5) / len(kinds) - 0.5)
        at = np.array([terms.index(name) for name in of_kind["term"]]) + shift
        mark = series_mark(place)
        ax.hlines(at, of_kind["conf_low"], of_kind["conf_high"], color=mark.colour)
        ax.plot(
            of_kind["estimate"],
            at,
            mark.marker,
            color=mark.colour,
            # Of as many as there are marks, a second round is hollow.
            fillstyle="full" if place < len(SERIES) else "none",
            label=str(kind),
        )
    name_lines(ax, [str(term) for term in terms])
    ax.set_xlabel("estimate with its 95 % interval" if kinds else "estimate")
    if len(kinds) > 1:
        key_below(ax)
    first = with_ends[with_ends["inference"].isin(kinds[:1])]
    listed = pd.concat([first, bare])
    said = [
        f"{row['term']} {interval(row)}" for row in listed.head(SAID).to_dict("records")
    ]
    ends = f" with 95 % intervals ({', '.join(map(str, kinds))})" if kinds else ""
    others = f"; {len(listed) - SAID} more" if len(listed) > SAID else ""
    return f"{fit.title}: estimates{ends}. {'; '.join(said)}{others}."


def without_each(fit: Fit, ax: Axes) -> str:
    """Draw a coefficient without each unit, sorted, beside the one of all."""
    sorted_ = fit.params.dropna().sort_values()
    whole = float(fit.notes["all units"])
    at = np.arange(len(sorted_))
    ax.axhline(whole, **HIGHLIGHT, label=f"all units: {number(whole)}")
    ax.plot(at, sorted_, **POINT)
    ends = [0, len(sorted_) - 1]
    name_points(ax, ends, sorted_.iloc[ends], [*sorted_.index[ends]])
    ax.set_xticks([])
    ax.set_xlabel("unit that is left out, by the estimate without it")
    ax.legend(loc="best")
    low, high = sorted_.iloc[ends]
    return (
        f"{fit.title}: {number(whole)} with all units, from {number(low)} without"
        f" {sorted_.index[0]} to {number(high)} without {sorted_.index[-1]}."
    )


def windows(fit: Fit, ax: Axes) -> str:
    """Draw the speed of convergence in each window with the band of one window and the
    band over all of them.
    """
    rows = fit.to_frame()
    bands = [rows[rows["inference"] == kind] for kind in ("window", "all windows")]
    inner, outer = bands
    at = np.arange(len(inner))
    ax.fill_between(
        at, outer["conf_low"], outer["conf_high"], **BAND, label="95 %, all windows"
    )
    ax.fill_between(
        at,
        inner["conf_low"],
        inner["conf_high"],
        color=SOFT,
        alpha=0.4,
        linewidth=0,
        label="95 %, each window",
    )
    ax.plot(at, inner["estimate"], color=INK)
    zero_line(ax)
    names = fit._drawn["windows"]
    step = 1 + len(names) // 8
    ax.set_xticks(at[::step], names[::step])
    ax.set_xlabel("first date of the window")
    ax.set_ylabel("speed, a year")
    ax.legend(loc="best")
    low, high = (inner.loc[inner["estimate"].agg(end)] for end in ("idxmin", "idxmax"))
    return (
        f"{fit.title}, with a band for each window and a wider one for all: slowest from"
        f" {low['term']}, {interval(low)}; fastest from {high['term']}, {interval(high)}."
    )


def break_dates(fit: Fit, ax: Axes) -> str:
    """Draw the statistic of a break at each date, and the date at which it is largest."""
    wald = fit.tables["dates"]["Wald"]
    dates = dates_on_axis(wald.index)
    ax.plot(dates, wald, color=INK)
    largest = wald.idxmax()
    ax.axvline(dates[wald.index.get_loc(largest)], **ONSET)
    whole_dates(ax, wald.index)
    ax.set_ylabel("Wald statistic of a break")
    p_value = float(fit.to_frame()["p_value"].iloc[0])
    return (
        f"{fit.title}: the Wald statistic by date is largest, {number(wald.max())}, after"
        f" {largest}; its p-value is {number(p_value)}."
    )


def specifications(fit: Fit, ax: Axes) -> str:
    """Draw all estimates by size with their intervals, and below which choices each was
    made with.
    """
    rows = fit.to_frame().sort_values("estimate", kind="stable").reset_index(drop=True)
    at = rows.index.to_numpy()
    clear = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    colours = np.where(clear, ACCENT, SOFT)
    ax.vlines(at, rows["conf_low"], rows["conf_high"], color=colours, linewidth=0.8)
    ax.scatter(at, rows["estimate"], color=colours, s=10, zorder=3)
    zero_line(ax)
    median = float(rows["estimate"].median())
    ax.axhline(median, color=INK, linewidth=0.8, linestyle="--")
    ax.set_xticks([])
    ax.set_ylabel("estimate, 95 % interval", loc="top")
    choices = fit._drawn["choices"].loc[rows["term"]].reset_index(drop=True)
    varying = [column for column in choices if choices[column].nunique() > 1]
    named = [(column, name) for column in varying for name in choices[column].unique()]
    told = ""
    if named and len(named) <= MOST_TICKS:
        _draw_choices(ax, choices, named)
        told = " Below, the choices behind each."
    ends = rows["estimate"].iloc[[0, -1]]
    return (
        f"{fit.title}: {len(rows)} estimates from {number(ends.iloc[0])} to"
        f" {number(ends.iloc[1])}, median {number(median)}; 95 % intervals that exclude"
        f" zero: {int(clear.sum())}.{told}"
    )


def _draw_choices(
    ax: Axes, choices: pd.DataFrame, named: list[tuple[Any, str]]
) -> None:
    """Draw a line a choice in the lower part of the axes, with a mark where it was made,
    and move the curve above it.
    """
    share = min(LINE * (len(named) + 1), MOST_OF_CHOICES)
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    ax.set_yticks(ticks)
    ax.set_ylim(high - (high - low) / (1 - share), high)
    ax.spines["left"].set_bounds(low, high)
    ax.spines["bottom"].set_visible(False)
    below = ax.inset_axes((0, 0, 1, share - LINE))
    for line, (column, name) in enumerate(named):
        made = np.flatnonzero(choices[column] == name)
        below.plot(made, np.full(len(made), line), "s", color=INK, markersize=2.5)
    below.set_xlim(ax.get_xlim())
    name_lines(below, [name for _, name in named])
    below.set_xticks([])
    below.tick_params(labelsize=SMALL, length=0)
    below.spines[:].set_visible(False)
    below.set_facecolor("none")


def pairs(fit: Fit, ax: Axes) -> str:
    """Draw the difference of each pair across a border, sorted, with their mean and its
    interval.
    """
    differences = fit.tables["pairs"]["difference"].sort_values()
    row = fit.to_frame().iloc[0]
    at = np.arange(len(differences))
    if np.isfinite(row["conf_low"]):
        ax.axhspan(row["conf_low"], row["conf_high"], **BAND, label="95 % interval")
    zero_line(ax)
    ax.plot(at, differences, **POINT)
    ax.axhline(row["estimate"], **HIGHLIGHT, label="mean")
    ax.set_xticks([])
    ax.set_xlabel("pairs of neighbours across the border")
    ax.set_ylabel("inside less outside")
    ax.legend(loc="best")
    return (
        f"{fit.title}: differences of {len(differences)} pairs of neighbours; their mean"
        f" is {interval(row)}."
    )


def common_values(fit: Fit, ax: Axes) -> str:
    """Draw the range and the mean of each third, and the values that all share."""
    thirds = fit.tables["thirds"]
    low, high, share = fit.params[["low", "high", "share"]]
    if low < high:
        ax.axhspan(low, high, **BAND, label="shared by all")
    ax.vlines(thirds.index, thirds["y, low"], thirds["y, high"], color=INK)
    ax.plot(thirds.index, thirds["y, mean"], **POINT, label="mean")
    ax.set_xticks(thirds.index)
    ax.set_xlim(0.5, len(thirds) + 0.5)
    ax.set_xlabel("third")
    ax.set_ylabel(fit.model)
    ax.legend(loc="best")
    if not low < high:
        return f"{fit.title}: the thirds share no values."
    return (
        f"{fit.title}: all share values from {number(low)} to {number(high)}, in which"
        f" {share:.0%} of the units lie."
    )


def bars(fit: Fit, ax: Axes) -> str:
    """Draw what each group adds, as bars."""
    values = fit.params
    at = np.arange(len(values))
    ax.barh(at, values, color=FAINT, edgecolor=SOFT)
    ax.axvline(0, **REFERENCE)
    name_lines(ax, list(map(str, values.index)))
    ax.set_xlabel("share of the growth of the total")
    said = "; ".join(f"{name} {number(value)}" for name, value in values.items())
    return f"{fit.title}: {said}."
