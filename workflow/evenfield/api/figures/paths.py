"""Pictures over time: dispersion, relative paths and clubs, and whatever else a fit has by
date.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import (
    BAND,
    MOST_TICKS,
    dates_on_axis,
    number,
    whole_dates,
)
from evenfield.study.figure_style import ACCENT, FAINT, INK, REFERENCE, series_mark


def _line(ax: Axes, path: pd.Series[float], **style: Any) -> None:
    ax.plot(dates_on_axis(path.index), path, **style)


def over_time(fit: Fit, ax: Axes) -> str:
    """Draw each column by date."""
    table = fit.tables["over time"]
    for place, (name, column) in enumerate(table.items()):
        mark = series_mark(place)
        _line(ax, column, color=mark.colour, linestyle=mark.line, label=str(name))
    if len(ax.lines) <= MOST_TICKS // 4:
        ax.legend()
    whole_dates(ax, table.index)
    ends = [
        f"{name} from {number(column.iloc[0])} to {number(column.iloc[-1])}"
        for name, column in table.items()
    ]
    dates = f"{table.index[0]} to {table.index[-1]}"
    return f"{fit.title}, {dates}: {'; '.join(ends[: MOST_TICKS // 10])}."


def dispersion(fit: Fit, ax: Axes) -> str:
    """Draw sigma by date with the range of leaving one unit out."""
    table = fit.tables["over time"]
    low, high = (table[f"one left out, {end}"] for end in ("lowest", "highest"))
    ax.fill_between(
        dates_on_axis(table.index), low, high, **BAND, label="one unit left out"
    )
    sigma = table["sigma"]
    _line(ax, sigma, color=INK, label="all units")
    ax.set_ylabel("standard deviation of log income")
    ax.legend()
    whole_dates(ax, table.index)
    return (
        f"Dispersion of log income, {number(sigma.iloc[0])} in {sigma.index[0]} and"
        f" {number(sigma.iloc[-1])} in {sigma.index[-1]}, with the range of leaving one"
        " unit out."
    )


def segments(fit: Fit, ax: Axes) -> str:
    """Draw sigma by date with the line through each segment between breaks."""
    sigma = fit._drawn["sigma"]
    _line(ax, sigma, color=FAINT, linewidth=2.2, label="sigma")
    table = fit.tables["segments"]
    for first, last, low, high in table.itertuples(index=False):
        ends = pd.Series([low, high], index=pd.Index([first, last]))
        _line(ax, ends, color=ACCENT)
    ax.lines[1].set_label("line through a segment")
    ax.set_ylabel("standard deviation of log income")
    ax.legend()
    whole_dates(ax, sigma.index)
    spans = [f"{first} to {last}" for first, last, *_ in table.itertuples(index=False)]
    return (
        f"Dispersion of log income, {number(sigma.iloc[0])} in {sigma.index[0]} and"
        f" {number(sigma.iloc[-1])} in {sigma.index[-1]}, with straight lines through"
        f" {', '.join(spans)}."
    )


def transition(fit: Fit, ax: Axes) -> str:
    """Draw the income of each unit relative to the mean of all, and where there are clubs
    the mean of each.
    """
    paths = fit._drawn["paths"]
    members = fit.tables.get("members", pd.DataFrame({"club": 0}, paths.columns))
    clubs = sorted({*members["club"]} - {0})
    ax.axhline(1, **REFERENCE)
    for unit, path in paths.items():
        club = members["club"][unit]
        colour = series_mark(club - 1).colour if club else FAINT
        _line(ax, path, color=colour, linewidth=0.6, alpha=0.5 if club else 1.0)
    for club in clubs:
        mark = series_mark(club - 1)
        inside = members.index[members["club"] == club]
        mean = paths[inside].mean(axis=1)
        label = f"club {club}: {len(inside)} units"
        style = {"color": mark.colour, "linestyle": mark.line, "linewidth": 2.2}
        _line(ax, mean, **style, label=label)
    if clubs:
        ax.legend()
    whole_dates(ax, paths.index)
    ax.set_ylabel("relative to the mean of all units")
    first, last = paths.iloc[0], paths.iloc[-1]
    spread = (
        f"from {number(first.min())} to {number(first.max())} in {paths.index[0]} and"
        f" {number(last.min())} to {number(last.max())} in {paths.index[-1]}"
    )
    sizes = [f"{(members['club'] == club).sum()} in club {club}" for club in clubs]
    of_clubs = f" Units: {', '.join(sizes)}." if clubs else ""
    return (
        f"Paths of {paths.shape[1]} units relative to their mean: {spread}.{of_clubs}"
    )


def moran_by_date(fit: Fit, ax: Axes) -> str:
    """Draw Moran's I by date with its mean without dependence and twice its deviation."""
    table = fit.tables["over time"]
    mean, deviation = table["E(I)"], table["sd(I)"]
    ax.fill_between(
        dates_on_axis(table.index),
        mean - 2 * deviation,
        mean + 2 * deviation,
        **BAND,
        label="without dependence",
    )
    path = table["I"]
    _line(ax, path, color=INK, marker="o", label="I")
    ax.set_ylabel("Moran's I")
    ax.legend()
    whole_dates(ax, table.index)
    joint = int(np.sum(table["p, all dates"] < 0.05))
    return (
        f"{fit.title} from {number(path.iloc[0])} in {path.index[0]} to"
        f" {number(path.iloc[-1])} in {path.index[-1]}; {joint} of {len(path)} dates"
        " differ from chance over all dates at once."
    )
