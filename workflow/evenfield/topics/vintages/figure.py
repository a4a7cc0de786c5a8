"""F26: what the choice of figures does to an estimate."""

from collections.abc import Sequence
from itertools import product
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
    SOFT,
    WIDTH,
    Artwork,
    names_for_rows,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, nothing_to_show, only, records
from evenfield.topics.vintages.table import START, asked_alone, main_term

IN_A_ROW = 2  # panels
LETTERS = 18  # of a line of the name of an output
LINE_HEIGHT = 0.185  # inches
HEAD = 0.42
FOOT = 0.7
BETWEEN = 0.5
EDGE = 0.008  # of the width
SMALL = 7.0  # points
APART = 0.17  # of a line, between the marks without and with a column held
SAME_DIGITS = 6  # of two estimates that are one
REPEATED = "as above"
DATA = "period output population held estimate conf_low conf_high row repeated".split()


def f26(results: StudyResults) -> Artwork:
    """Draw every vintage with its interval, one panel for each span; hollow with the
    first column that is held.
    """
    section = results.config.estimates["vintages"]
    given = list(section.get("given", []))[:1]
    labels = results.series(
        "vintages", text=("vintage", "output", "population", "income")
    )
    estimates = results.estimates(estimator="ols", term=main_term(results))
    drawn = [asked_alone(estimates).assign(held="")]
    drawn += [asked_alone(estimates, column).assign(held=column) for column in given]
    data = pd.concat(drawn).merge(labels, left_on="outcome", right_on="vintage")
    data = data[data["estimate"].notna()]
    if data.empty:
        raise nothing_to_show("vintage with figures in any span")
    outputs = list(section.get("incomes") or section["outputs"])
    populations = list(section.get("populations", {})) or [""]
    order = list(product(outputs, populations))
    rows = {pair: row for row, pair in enumerate(order)}
    pairs = zip(data["output"], data["population"], strict=True)
    data = data.assign(row=[rows[pair] for pair in pairs])
    data = data.sort_values(["period", "held", "row"], ignore_index=True)
    data = data.assign(repeated=_repeated(data))
    spans = [f"{start}-{end}" for start, end in section["spans"]]
    # Spans that the main vintage reaches: the others have nothing to be compared with.
    shown = [span for span in spans if _reached(data, span)]
    data = data[data["period"].isin(shown)].reset_index(drop=True)
    figure = _draw(data, shown, order)
    _name_measure(figure, results, given)
    return Artwork(figure, data[DATA], _describe(data, shown))


FIGURES = {"F26": f26}


def _reached(data: pd.DataFrame, span: str) -> bool:
    """Say whether the first vintage that has any estimate has one in a span."""
    return bool(only(data, period=span)["row"].eq(data["row"].min()).any())


def _repeated(data: pd.DataFrame) -> pd.Series:
    """Return which estimates are those of an earlier row of their output and span, since
    the figures of its people are the same there.
    """
    rounded = data.assign(estimate=data["estimate"].round(SAME_DIGITS))
    return rounded.duplicated(["period", "held", "output", "estimate"])


def _name_measure(figure: Figure, results: StudyResults, given: Sequence[str]) -> None:
    """Write beneath the panels what is measured, and what a hollow mark holds."""
    term = main_term(results)
    units = results.words["units_name"]
    measure = "slope of growth, % a year, on log income at the start"
    if term != START:
        group = "clusters" if term == "cluster" else "zones"
        measure = (
            f"growth of {units} with {group} less that of others that began at the same"
            " income, points a year"
        )
    hollow = [
        f"hollow marks: {column} and other {units} each compared among themselves"
        for column in given
    ]
    figure.supxlabel("\n".join([measure, *hollow]), fontsize=SMALL, y=0.01, color=INK)


def _draw(data: pd.DataFrame, spans: list[str], order: list[tuple[str, str]]) -> Figure:
    columns = min(len(spans), IN_A_ROW)
    lines = -(-len(spans) // columns)
    panel_height = LINE_HEIGHT * (len(order) + 1)
    height = HEAD + FOOT + lines * panel_height + (lines - 1) * BETWEEN
    edges = {
        "left": 0.37,
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
            fontsize=SMALL - 1,
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
