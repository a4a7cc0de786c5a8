"""F26b: what counting people and output in other ways does to an estimate, over one span."""

import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    INK,
    NARROW,
    REFERENCE,
    SMALL,
    SOFT,
    Artwork,
    heading,
    letters_in,
    padded,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, nothing_to_show, only, records
from evenfield.topics.vintages.figure_data import (
    DATA,
    drawn_spans,
    drawn_vintages,
    in_lines,
    measure_words,
)

MOST = 6  # ways of measuring output
ROW = 0.68  # inches
TOP = 0.62
BOTTOM = 1.0
LINE = 54  # letters of a line of the axis
APART = 0.15  # of a row, from its middle to the marks of two ways of counting people
NAME_ABOVE = 0.36
MIDDLE = 0.1  # how far the marks stand below the middle of the row


def f26b(results: StudyResults) -> Artwork:
    """Draw one span: a row for each output, in it the first and the last way of counting
    people.
    """
    data = only(drawn_vintages(results), held="")
    spans = drawn_spans(results, data)
    if not spans:
        raise nothing_to_show("vintage with figures in any span")
    # The span in which vintages differ most often, the first of several.
    apart = data[~data["repeated"]]["period"].value_counts()
    span = max(spans, key=lambda name: apart.get(name, 0))
    data = only(data, period=span)
    outputs = list(dict.fromkeys(data["output"]))[:MOST]
    counted = list(dict.fromkeys(data["population"]))
    counted = list(dict.fromkeys([counted[0], counted[-1]]))
    data = data[data["output"].isin(outputs) & data["population"].isin(counted)]
    height = TOP + BOTTOM + ROW * len(outputs)
    edges = {"left": 0.03, "right": 0.97}
    edges |= {"top": 1 - TOP / height, "bottom": BOTTOM / height}
    figure, grid = panels(1, 1, (NARROW, height), edges)
    axes = grid[0, 0]
    axes.axvline(0.0, **REFERENCE)
    for row in records(data):
        line = outputs.index(row["output"])
        number = counted.index(row["population"])
        _draw_mark(axes, row, _place(line, number, len(counted)), number)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(outputs) - 0.5, -0.5)
    axes.set_xlim(padded(data[["conf_low", "conf_high"]], 0.04, 0.1))
    for line, name in enumerate(outputs):
        axes.annotate(
            name,
            (0, line - NAME_ABOVE),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL,
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
        )
    if len(counted) > 1:
        _name_marks(axes, only(data, output=outputs[0]), counted)
    years = span.replace("-", "\u2013")
    heading(axes, f"{years}, by output and population data")
    axes.set_xlabel(in_lines(measure_words(results), LINE))
    return Artwork(figure, data[DATA], _describe(data, span))


def _place(line: int, number: int, several: int) -> float:
    """Return where a mark stands: the first way of counting people above the second."""
    return line + MIDDLE + (APART * (2 * number - 1) if several > 1 else 0.0)


def _draw_mark(axes: Axes, row: Row, place: float, number: int) -> None:
    colour = SOFT if number else INK
    axes.hlines(place, row["conf_low"], row["conf_high"], colour, linewidth=1.4)
    axes.plot(
        row["estimate"],
        place,
        "o",
        color=colour,
        markerfacecolor="white" if number else colour,
        markersize=5,
    )


def _name_marks(axes: Axes, first: pd.DataFrame, counted: list[str]) -> None:
    """Say at the marks of the first output how people are counted, and make room for it
    at the right.
    """
    low, high = axes.get_xlim()
    for row in records(first):
        number = counted.index(row["population"])
        axes.annotate(
            row["population"],
            (row["conf_high"], _place(0, number, len(counted))),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=SOFT if number else INK,
        )
        # The share of the axis that the words take, and its end if they fill the rest.
        share = (len(row["population"]) + 2) / letters_in(axes, axes.bbox.width)
        if share < 0.8:
            high = max(high, (row["conf_high"] - share * low) / (1 - share))
    axes.set_xlim(low, high)


def _describe(data: pd.DataFrame, span: str) -> str:
    sentences = [
        f"{row['output']}, {row['population']}: {fixed(row['estimate'])}"
        f" ({fixed(row['conf_low'])} to {fixed(row['conf_high'])})"
        for row in records(data)
    ]
    return f"Estimates of {span} by vintage of the data. {'; '.join(sentences)}."
