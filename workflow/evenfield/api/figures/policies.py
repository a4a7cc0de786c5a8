"""Pictures of policies: before and after, by distance, and against a synthetic control."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.api.explain import Fit
from evenfield.api.figures.canvas import (
    ONSET,
    POINT,
    dates_on_axis,
    interval,
    key_below,
    name_lines,
    number,
    whole_dates,
    zero_line,
)
from evenfield.study.figure_style import FAINT, INK, SMALL, SOFT, series_mark

JOINT: Any = {"color": SOFT, "linewidth": 0.9, "label": "95 %, all at once"}
SINGLE: Any = {"color": INK, "linewidth": 2.4, "label": "95 %, each"}


def horizons(fit: Fit, ax: Axes) -> str:
    """Draw leads and horizons with pointwise and joint bands, and the number of units."""
    table = fit.tables["event study"]
    spans = fit._drawn["spans"]
    rows = table.drop(index=spans, errors="ignore")
    ax.axvline(-0.5, **ONSET)
    _effects(ax, rows.index.astype(float).to_numpy(), rows)
    ax.set_xlabel("dates since the policy; below: units")
    last = rows.iloc[-1]
    said = [
        f"{name}: {interval(table.loc[name])}" for name in spans if name in table.index
    ]
    return (
        f"{fit.title}: effects from {rows.index[0]} to {rows.index[-1]} dates since the"
        f" policy, with bands for each and for all at once. {'; '.join(said[:2])};"
        f" {rows.index[-1]}: {interval(last)}."
    )


def _effects(ax: Axes, at: np.ndarray, rows: pd.DataFrame) -> None:
    """Draw effects with both bands and the number of units beneath."""
    zero_line(ax)
    ax.vlines(at, rows["joint_low"], rows["joint_high"], **JOINT)
    ax.vlines(at, rows["conf_low"], rows["conf_high"], **SINGLE)
    ax.plot(at, rows["estimate"], **POINT)
    for place, units in zip(at, rows["units"], strict=True):
        ax.annotate(
            f"{units:.0f}",
            (place, 0.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize=SMALL,
            color=SOFT,
        )
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.08 * (high - low), high)
    key_below(ax)


def rings(fit: Fit, ax: Axes) -> str:
    """Draw the effect of a policy on its own unit and on those of each ring."""
    rows = fit.tables["event study"]
    at = np.arange(len(rows))
    _effects(ax, at, rows)
    name_lines(ax, list(map(str, rows.index)), "x")
    ax.set_xlabel("distance from the policy; below: units")
    said = [f"{name}: {interval(row)}" for name, row in rows.iterrows()]
    return f"{fit.title}, effects by distance. {'; '.join(said)}."


def near_lists(fit: Fit, ax: Axes) -> str:
    """Draw growth of units on each list, and of units on none near it."""
    rows = fit.to_frame()
    rows = rows[rows["inference"] == rows["inference"].iloc[0]].set_index("term")
    # A list without a test, on it or near it, is not drawn.
    lists = [
        name
        for name in fit._drawn["lists"]
        if {f"own_{name}", f"near_{name}"}.issubset(rows.index)
    ]
    zero_line(ax)
    said = []
    for place, name in enumerate(lists):
        mark = series_mark(place)
        both = rows.loc[[f"own_{name}", f"near_{name}"]]
        at = np.arange(2) + 0.3 * ((place + 0.5) / len(lists) - 0.5)
        ax.vlines(at, both["conf_low"], both["conf_high"], color=mark.colour)
        ax.plot(at, both["estimate"], mark.marker, color=mark.colour, label=name)
        own, near = (interval(row) for row in both.to_dict("records"))
        said.append(f"{name}: on it {own}, near it {near}")
    name_lines(ax, ["on the list", f"near it ({fit.notes.get('reach', '')})"], "x")
    ax.set_ylabel("growth with its 95 % interval")
    key_below(ax)
    kind = rows["inference"].iloc[0]
    return f"{fit.title}, with 95 % intervals by {kind}. {'; '.join(said)}."


def placebos(fit: Fit, ax: Axes) -> str:
    """Draw the gap of the unit by date above those of its donors, in grey."""
    gaps = fit.tables["gaps"]
    dates = dates_on_axis(gaps.index)
    treated, *donors = gaps
    for donor in donors:
        ax.plot(dates, gaps[donor], color=FAINT, linewidth=0.7)
    ax.plot([], [], color=FAINT, label=f"{len(donors)} donors")
    ax.plot(dates, gaps[treated], color=INK, label=str(treated))
    zero_line(ax)
    _begin(fit, ax, dates)
    ax.set_ylabel("gap to the synthetic control")
    ax.legend(loc="best")
    whole_dates(ax, gaps.index)
    last = gaps[treated].iloc[-1]
    larger = int((gaps[donors].iloc[-1].abs() >= abs(last)).sum())
    return (
        f"Gap of {treated} to its synthetic control, {number(last)} at the last date, above"
        f" those of {len(donors)} donors, {larger} of which are as far from zero then."
    )


def both_paths(fit: Fit, ax: Axes) -> str:
    """Draw the unit and its synthetic control by date."""
    path = fit.tables["path"]
    dates = dates_on_axis(path.index)
    treated = fit.tables["gaps"].columns[0]
    ax.plot(dates, path["actual"], color=INK, label=str(treated))
    ax.plot(dates, path["synthetic"], color=SOFT, linestyle="--", label="synthetic")
    _begin(fit, ax, dates)
    ax.legend(loc="best")
    whole_dates(ax, path.index)
    last = path.iloc[-1]
    return (
        f"{treated} and its synthetic control: {number(last['actual'])} and"
        f" {number(last['synthetic'])} at the last date."
    )


def _begin(fit: Fit, ax: Axes, dates: Any) -> None:
    """Draw where the effect begins."""
    effect = fit.tables["path"]["of"] == "effect"
    ax.axvline(dates[int(effect.argmax())], **ONSET)
