"""F28: the units that rose and fell most against the average, as arrows. F40 has a file
of its own.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    NARROW,
    Artwork,
    panels,
    ratio_axis,
    short_names,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, nothing_to_show, records, whole
from evenfield.topics.movers.figure_paths import f40
from evenfield.topics.movers.table_movers import FEWEST, both_ends, movers

ROW = 0.27  # inches
LEFT = 2.2  # inches for names, at least
LETTER = 0.073  # inches of a letter
LONGEST = 24  # letters of a name
ROSE = "#1F7A8C"
TIPS = {True: CARETRIGHT, False: CARETLEFT}  # these end in the point that they mark
SHORTEST = 0.03  # of the width of the axis, an arrow with its tip


def f28(results: StudyResults) -> Artwork:
    """Draw an arrow from the first to the last year for each unit at both ends."""
    frame = movers(results)
    if len(frame) < FEWEST:
        raise nothing_to_show(f"{FEWEST} units with an income in two years")
    rose, fell = both_ends(frame)
    drawn = pd.concat([rose, fell[::-1]], ignore_index=True)
    high = 0.85 + ROW * max(len(drawn), 1)
    names = short_names(drawn["name"].tolist(), LONGEST)
    labels = [f"{names[row['name']]} {_ranks(row)}" for row in records(drawn)]
    room = LETTER * max(map(len, labels)) + 0.12
    edges = {
        "left": max(LEFT, room) / NARROW,
        "right": 0.95,  # half of the last label of the axis lies beyond it
        "top": 1 - 0.12 / high,
        "bottom": 0.6 / high,
    }
    figure, grid = panels(1, 1, (NARROW, high), edges)
    axes = grid[0, 0]
    ratios = drawn[["ratio_start", "ratio_end"]].to_numpy(float)
    axes.set_xscale("log")
    low = 0.92 * float(np.min(ratios))
    high = 1.08 * float(np.max(ratios))
    shortest = (high / low) ** SHORTEST
    for place, row in enumerate(records(drawn)):
        _draw_move(axes, row, place, shortest)
    axes.set_xlim(low, high)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    ratio_axis(axes, "x", low, high)
    axes.axvline(1.0, color=FAINT, linewidth=0.9, zorder=0)
    axes.axhline(len(rose) - 0.5, color=FAINT, linewidth=0.6)
    axes.set_yticks(range(len(drawn)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(
        "income per head, % of the average of all, ratio scale", x=1, ha="right"
    )
    return Artwork(figure, drawn, _describe(rose, fell))


def _draw_move(axes: Axes, row: Row, place: int, shortest: float) -> None:
    """Draw a mark at the first year and an arrow to the last; where it is too short for
    an arrow, a tip alone.
    """
    start = row["ratio_start"]
    end = row["ratio_end"]
    rises = bool(row["change"] > 0)
    colour = ROSE if rises else ACCENT
    if max(start, end) / min(start, end) < shortest:
        axes.plot([start, end], [place, place], color=colour, linewidth=1.4)
        axes.plot(end, place, marker=TIPS[rises], color=colour, markersize=3.4)
    else:
        axes.annotate(
            "",
            (end, place),
            (start, place),
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4},
        )
    axes.plot(start, place, "o", color=colour, markersize=3.2, clip_on=False)


FIGURES = {"F28": f28, "F40": f40}


def _ranks(row: Row) -> str:
    return f"({whole(row['rank_start'])} \u2192 {whole(row['rank_end'])})"


def _describe(rose: pd.DataFrame, fell: pd.DataFrame) -> str:
    parts = []
    for words, frame in (("Rose most", rose), ("Fell most", fell)):
        names = [
            f"{row['name']} from {100 * row['ratio_start']:.0f}% to"
            f" {100 * row['ratio_end']:.0f}% of the average"
            for row in records(frame)
        ]
        parts += [f"{words}: {'; '.join(names)}."] if names else []
    return " ".join(parts) or "No unit moved against the average."
