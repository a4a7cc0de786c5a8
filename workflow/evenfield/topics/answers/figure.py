"""F21: the primary questions in multiples of the effect of interest, with the smallest
effect that each could show.
"""

from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures import (
    ACCENT,
    INK,
    PALE,
    REFERENCE,
    SMALL,
    WIDTH,
    Artwork,
    key_below,
    line_key,
    padded,
    panels,
    tick_key,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, interval, nothing_to_show, records
from evenfield.topics.answers.table import answered

AXIS = "multiples of the effect of interest, positive as claimed"
FARTHEST = 15.0  # multiples; an interval that goes on beyond ends in an arrow
NUMBERS = ["low", "high", "estimate", "smallest_visible"]
# Inches of the lowest row, of a line of a statement, and between two statements.
ROW_HEIGHT = 0.3
LINE = 0.125
BETWEEN = 0.09
MARGIN = 0.95
LETTERS = 46


def f21(results: StudyResults) -> Artwork:
    """Draw each primary estimate with its interval, the band of no interest and the
    smallest visible effect.
    """
    shown = _turned(answered(results, "hypotheses")["hypotheses"])
    if shown.empty:
        raise nothing_to_show("primary questions with an effect of interest")
    names = [statement.rstrip(".") for statement in shown["statement"]]
    labels = ["\n".join(wrap(name, LETTERS)) for name in names]
    # Each row is as high as its lines; its mark stands in the middle.
    lines = np.array([1 + label.count("\n") for label in labels])
    heights = np.maximum(LINE * lines + BETWEEN, ROW_HEIGHT)
    y = np.cumsum(heights) - heights / 2
    inches = max(float(heights.sum()), 3 * ROW_HEIGHT)
    tall = MARGIN + inches
    edges = {
        "left": 0.43,
        "right": 0.87,
        "top": 1 - 0.12 / tall,
        "bottom": 0.78 / tall,
    }
    figure, grid = panels(1, 1, (WIDTH, tall), edges)
    axes = grid[0, 0]
    axes.axvspan(-1, 1, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, **REFERENCE)
    axes.hlines(y, shown["low"], shown["high"], color=INK, linewidth=1.2)
    axes.plot(shown["estimate"], y, "o", color=INK, markersize=3.6)
    for side in (-1, 1):
        axes.plot(
            side * shown["smallest_visible"],
            y,
            "|",
            color=ACCENT,
            markersize=7,
            markeredgewidth=1.4,
        )
    axes.set_yticks(y, labels, fontsize=SMALL, ha="left")
    # Statements are left-aligned, so they start where the margin starts.
    axes.tick_params(
        axis="y",
        length=0,
        pad=0.415 * WIDTH * 72,
    )
    beside = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": SMALL,
    }
    for place, answer in zip(y, shown["answer"], strict=True):
        axes.text(1.03, place, answer, **beside)
    axes.set_ylim(inches, 0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(AXIS)
    drawn = shown[NUMBERS].to_numpy(float).clip(-FARTHEST, FARTHEST)
    axes.set_xlim(padded(np.hstack([drawn, -drawn[:, -1:]]), 0.04, 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    for end, marker in (("low", "<"), ("high", ">")):
        beyond = np.flatnonzero(shown[end].abs() > FARTHEST)
        at = np.sign(shown[end].iloc[beyond]) * FARTHEST
        axes.plot(at, y[beyond], marker, color=INK, markersize=4.0)
    keys = [
        line_key("estimate and interval", color=INK, marker="o", markersize=3.6),
        tick_key("smallest detectable effect", markersize=8),
        Patch(color=PALE, label="too small to be of interest"),
    ]
    key_below(figure, keys)
    parts = []
    for name, row in zip(names, records(shown), strict=True):
        ends = interval(row["low"], row["high"], 1)
        value = f"{name}: {fixed(row['estimate'], 1)} {ends}".rstrip()
        detectable = fixed(row["smallest_visible"], 1)
        parts.append(f"{value}, detectable {detectable}, {row['answer']}")
    alt = (
        f"Primary estimates in multiples of the effect of interest. {'; '.join(parts)}."
    )
    return Artwork(figure, shown, alt)


FIGURES = {"F21": f21}


def _turned(questions: list[Row]) -> pd.DataFrame:
    """Turn each question so that positive is as claimed and divide it by its effect of
    interest.
    """
    # Without an effect of interest there is nothing to count in.
    frame = pd.DataFrame(questions).dropna(subset=["interest", "estimate"])
    interest = frame["interest"].astype(float)
    numbers = frame[NUMBERS].astype(float).div(interest, axis=0)
    # Turned around, the lower end becomes the upper one.
    # What denies a gain claims the other side of it.
    negative = frame["sign"].ne("+") ^ frame["kind"].eq("no gain")
    low = numbers["low"].mask(negative, -numbers["high"])
    high = numbers["high"].mask(negative, -numbers["low"])
    estimate = numbers["estimate"].mask(negative, -numbers["estimate"])
    labels = frame[["id", "statement", "estimate_id"]]
    return labels.assign(
        answer=frame["answer"].str.lower(),
        low=low,
        high=high,
        estimate=estimate,
        smallest_visible=numbers["smallest_visible"],
    ).reset_index(drop=True)
