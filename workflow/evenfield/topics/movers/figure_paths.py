"""F40: income of every unit against the average, with the richest, the poorest and those
that moved most by name.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    INK,
    NARROW,
    REFERENCE,
    SOFT,
    Artwork,
    Ending,
    draw_line,
    heading,
    name_endings,
    padded,
    panels,
    ratio_axis,
    shade_proxy,
    short_names,
    stretches,
    with_basis,
    year_axis,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import listed, nothing_to_show, only, records
from evenfield.study.latin import in_latin
from evenfield.topics.movers.table_movers import movers
from evenfield.topics.movers.table_paths import KINDS, first_of_each_kind, paths

HEIGHT = 4.4
EDGES = {"left": 0.1, "right": 0.69, "top": 0.93, "bottom": 0.075}
MOST_LINES = 120  # units of which each can have a line
LETTER = 0.075  # inches of a letter
LONGEST = 24  # letters of a name
ROSE = "#1F7A8C"
COLOURS = {"richest": INK, "poorest": "#A96500", "rose most": ROSE, "fell most": ACCENT}
LINES = dict(zip(KINDS, ("-", (0, (1.2, 1.2)), "-", (0, (5.0, 1.6))), strict=True))


def f40(results: StudyResults) -> Artwork:
    """Draw a line for each unit that is named upon the lines of all, or upon the span of
    most where there are too many.
    """
    frame = with_basis(paths(results), results.description())
    named = frame[frame["kind"].ne("")]
    if named.empty or frame["year"].nunique() < 2:
        raise nothing_to_show("units with an income in two years")
    names = short_names(frame["name"].unique().tolist(), LONGEST)
    room = LETTER * max(len(names[name]) for name in named["name"]) + 0.1
    largest = f"{120 * frame['ratio'].max():,.0f}"  # the axis goes beyond it
    left = LETTER * len(largest) + 0.15
    edges = {
        **EDGES,
        "left": max(EDGES["left"], left / NARROW),
        "right": min(EDGES["right"], 1 - room / NARROW),
    }
    figure, grid = panels(1, 1, (NARROW, HEIGHT), edges)
    axes = grid[0, 0]
    axes.set_yscale("log")
    drawn = _draw_all(axes, frame)
    axes.axhline(1.0, **REFERENCE)
    endings = []
    for _, path in named.groupby("unit", sort=True):
        row = records(path)[-1]
        colour = COLOURS[row["kind"]]
        for part in stretches(path):
            draw_line(
                axes,
                part["year"],
                part["ratio"],
                color=colour,
                linestyle=LINES[row["kind"]],
                linewidth=1.6,
            )
        endings.append(Ending(row["ratio"], names[row["name"]], colour))
        drawn = pd.concat([drawn, path["ratio"]])
    low, high = (float(np.exp(end)) for end in padded(np.log(drawn), 0.04, floor=0.1))
    axes.set_ylim(low, high)
    ratio_axis(axes, "y", low, high)
    years = sorted(frame["year"].unique())
    year_axis(axes, years, ticks=6)
    shade_proxy(axes, frame)
    name_endings(axes, float(years[-1]), endings)
    heading(axes, "Income per head, % of the average")
    several = results.words["units_name"]
    lines = frame["unit"].nunique() <= MOST_LINES
    behind = f"all {several}" if lines else f"the middle four fifths of the {several}"
    key = (
        f"{_key(named)} Grey: {behind}{'' if lines else ' and the one in the middle'}."
        f"{_of_two_kinds(named, movers(results))}"
    )
    return Artwork(figure, frame, _describe(named), key)


def _draw_all(axes: Axes, frame: pd.DataFrame) -> pd.Series:
    """Draw all units in the background and return the ratios that the axis is to hold."""
    units = frame["unit"].nunique()
    if units <= MOST_LINES:
        lines = [
            part[["year", "ratio"]].to_numpy()
            for _, path in frame.groupby("unit", sort=True)
            for part in stretches(path)
        ]
        axes.add_collection(LineCollection(lines, colors=FAINT, linewidths=0.5))
        return pd.Series(frame["ratio"])
    shares = frame.groupby(["year", "basis"])["ratio"].quantile(
        np.array([0.1, 0.5, 0.9])
    )
    wide = shares.unstack().reset_index()
    for part in stretches(wide):
        axes.fill_between(part["year"], part[0.1], part[0.9], color=FAINT, alpha=0.5)
        draw_line(axes, part["year"], part[0.5], color=SOFT, linewidth=0.8)
    return pd.Series(pd.concat([wide[0.1], wide[0.9]]))


def _key(named: pd.DataFrame) -> str:
    """Say which line is of which kind."""
    words = {
        "richest": "in the colour of the text, the richest at the end",
        "poorest": "ochre and dotted, the poorest",
        "rose most": "blue, those that rose most",
        "fell most": "red and dashed, those that fell most",
    }
    said = [words[kind] for kind in KINDS if named["kind"].eq(kind).any()]
    return f"{'; '.join(said)}."


def _of_two_kinds(named: pd.DataFrame, moved: pd.DataFrame) -> str:
    """Say which of the richest and poorest rose or fell most, too: their lines are not
    coloured by it.
    """
    levels = named[named["kind"].isin(KINDS[:2])]
    names = dict(zip(levels["unit"], levels["name"], strict=True))
    most = first_of_each_kind(moved)
    said = [
        f" Of the richest and poorest, these {kind}, too: {listed(both)}."
        for kind in KINDS[2:]
        if (both := [in_latin(names[unit]) for unit in most[kind] if unit in names])
    ]
    return "".join(said)


def _describe(named: pd.DataFrame) -> str:
    first = named["year"].min()
    last = named["year"].max()
    ends = named[named["year"].eq(last)].sort_values(["ratio", "unit"])
    sentences = []
    for kind in KINDS:
        said = [
            f"{row['name']} {100 * row['ratio']:.0f}%"
            for row in records(only(ends, kind=kind)[::-1])
        ]
        if said:
            sentences.append(f"{kind.capitalize()}: {', '.join(said)}.")
    return (
        f"Income per head against the average, {first} to {last}; at the end:"
        f" {' '.join(sentences)}"
    )
