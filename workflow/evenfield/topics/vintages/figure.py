"""F26: what the choice of figures does to an estimate."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from evenfield.shared.figures import (
    ACCENT,
    INK,
    REFERENCE,
    SMALL,
    SOFT,
    WIDTH,
    Artwork,
    names_for_rows,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, nothing_to_show, only, records
from evenfield.topics.vintages.figure_data import (
    DATA,
    drawn_spans,
    drawn_vintages,
    held_columns,
    in_lines,
    measure_words,
    vintages_in_order,
)
from evenfield.topics.vintages.figure_short import f26b

IN_A_ROW = 2  # panels
LETTERS = 15  # of a line of the name of an output
LINE_HEIGHT = 0.2  # inches
HEAD = 0.42
FOOT = 0.8
BETWEEN = 0.5
EDGE = 0.008  # of the width
LINE = 100  # letters
APART = 0.17  # of a line, between the marks without and with a column held
REPEATED = "as above"


def f26(results: StudyResults) -> Artwork:
    """Draw every vintage with its interval, one panel for each span; hollow with the
    first column that is held.
    """
    data = drawn_vintages(results)
    shown = drawn_spans(results, data)
    if not shown:
        raise nothing_to_show("vintage with figures in any span")
    data = data[data["period"].isin(shown)].reset_index(drop=True)
    figure = _draw(data, shown, vintages_in_order(results))
    _name_measure(figure, results)
    return Artwork(figure, data[DATA], _describe(data, shown))


FIGURES = {"F26": f26, "F26b": f26b}


def _name_measure(figure: Figure, results: StudyResults) -> None:
    """Write beneath the panels what is measured, and what a hollow mark holds."""
    units = results.words["units_name"]
    hollow = [
        f"hollow marks: {results.word(column)} and other {units} each compared among"
        " themselves"
        for column in held_columns(results)
    ]
    words = "\n".join([in_lines(measure_words(results), LINE), *hollow])
    figure.supxlabel(words, fontsize=SMALL, y=0.01, color=INK)


def _draw(data: pd.DataFrame, spans: list[str], order: list[tuple[str, str]]) -> Figure:
    columns = min(len(spans), IN_A_ROW)
    lines = -(-len(spans) // columns)
    panel_height = LINE_HEIGHT * (len(order) + 1)
    height = HEAD + FOOT + lines * panel_height + (lines - 1) * BETWEEN
    edges = {
        "left": 0.395,
        "right": 0.99,
        "top": 1 - HEAD / height,
        "bottom": FOOT / height,
        "wspace": 0.08,
        "hspace": BETWEEN / panel_height,
    }
    figure, grid = panels(
        lines, columns, (WIDTH, height), edges, sharex=True, sharey=True
    )
    places = list(grid.flat)
    for axes in places[len(spans) :]:
        axes.set_axis_off()
    for axes, span in zip(places, spans, strict=False):
        _draw_span(axes, only(data, period=span))
        axes.set_title(span.replace("-", "\u2013"))
        axes.tick_params(labelbottom=True)
    first_of_lines = places[::columns]
    first_of_lines[0].xaxis.set_major_locator(MaxNLocator(4))
    # From high to low: row 0, the main vintage, is at the top.
    first_of_lines[0].set_ylim(len(order) - 0.4, -0.6)
    for axes in first_of_lines:
        counts = [count for _, count in order]
        axes.set_yticks(np.arange(len(order)), counts, fontsize=SMALL)
        axes.get_yticklabels()[0].set_fontweight("bold")
        _name_outputs(axes, [output for output, _ in order])
    return figure


def _name_outputs(axes: Axes, outputs: list[str]) -> None:
    """Write the name of an output once, at the left of the first of its vintages."""
    across = blended_transform_factory(axes.figure.transFigure, axes.transData)
    for row, output in enumerate(outputs):
        if row == 0 or output != outputs[row - 1]:
            axes.text(
                EDGE,
                row - 0.3,
                fill(output, LETTERS),
                transform=across,
                fontsize=SMALL,
                fontweight="bold" if row == 0 else "normal",
                va="top",
            )


def _draw_span(axes: Axes, data: pd.DataFrame) -> None:
    """Draw the vintages of a span; one that repeats the row above it is said to."""
    axes.axvline(0.0, **REFERENCE)
    names_for_rows(axes)
    several = data["held"].nunique() > 1
    for row in records(data):
        if row["repeated"]:
            _say_repeated(axes, row)
            continue
        beside = APART if row["held"] else -APART
        place = row["row"] + (beside if several else 0.0)
        main = row["row"] == 0
        colour = ACCENT if main else INK
        axes.plot(
            [row["conf_low"], row["conf_high"]],
            [place, place],
            color=colour if main else SOFT,
            linewidth=1.1,
            zorder=2,
        )
        axes.plot(
            row["estimate"],
            place,
            marker="D" if main else "o",
            color=colour,
            markerfacecolor="white" if row["held"] else colour,
            markersize=3.6,
            zorder=3,
        )


def _say_repeated(axes: Axes, row: Row) -> None:
    """Write in the place of a mark that it is the one above."""
    if not row["held"]:
        across = blended_transform_factory(axes.transAxes, axes.transData)
        axes.text(
            0.97,
            row["row"],
            REPEATED,
            transform=across,
            fontsize=SMALL,
            color=SOFT,
            ha="right",
            va="center",
        )


def _describe(data: pd.DataFrame, spans: list[str]) -> str:
    """Return how far the estimates of each span lie apart, with each column held."""
    sentences = []
    for span in spans:
        for held in data["held"].unique():
            own = only(data, period=span, held=held)
            low = fixed(own["estimate"].min())
            high = fixed(own["estimate"].max())
            given = f" given {held}" if held else ""
            sentences.append(f"{span}{given}: {len(own)} vintages, {low} to {high}")
    return "Estimates by vintage of the data. " + "; ".join(sentences) + "."
