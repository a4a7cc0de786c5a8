"""F26: what the vintage of the data does to an estimate."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from evenfield.shared.facts import Facts
from evenfield.shared.figures import (
    ACCENT,
    INK,
    REFERENCE,
    SERIES,
    SOFT,
    WIDTH,
    Artwork,
    names_for_rows,
    panels,
)
from evenfield.shared.tables import fixed, nothing_to_show, only, records

START = "log_income_start"
LINE_HEIGHT = 0.19  # inches
HEAD = 0.42
FOOT = 0.5
EDGE = 0.008  # of the width
DATA = "period output population estimate conf_low conf_high row".split()


def f26(facts: Facts) -> Artwork:
    """Draw every vintage with its interval, one panel for each span."""
    section = facts.config.estimates["vintages"]
    compared = section.get("compare", [])
    term = str(compared[0]) if compared else START
    labels = facts.series(
        "vintages", text=("vintage", "output", "population", "income")
    )
    estimates = only(facts.estimates(), term=term, estimator="ols")
    data = estimates.merge(labels, left_on="outcome", right_on="vintage")
    data = data[data["estimate"].notna()]
    if data.empty:
        raise nothing_to_show("vintage with figures in any span")
    outputs = list(section.get("incomes") or section["outputs"])
    populations = list(section.get("populations", {})) or [""]
    order = list(product(outputs, populations))
    rows = {pair: row for row, pair in enumerate(order)}
    pairs = zip(data["output"], data["population"], strict=True)
    data = data.assign(row=[rows[pair] for pair in pairs])
    spans = [f"{start}-{end}" for start, end in section["spans"]]
    shown = [span for span in spans if data["period"].eq(span).any()]
    figure = _draw(data, shown, order)
    units = facts.words["units_name"]
    group = "clusters" if term == "cluster" else "zones"
    measure = "slope of growth, % a year, on log income at the start"
    if compared:
        measure = (
            f"growth of {units} with {group} less that of others alike, points a year"
        )
    figure.supxlabel(measure, fontsize=7.5, y=0.01, color=INK)
    return Artwork(
        figure,
        data.sort_values(["period", "row"])[DATA].reset_index(drop=True),
        _describe(data, shown),
    )


FIGURES = {"F26": f26}


def _draw(data: pd.DataFrame, spans: list[str], order: list[tuple[str, str]]) -> Figure:
    height = HEAD + FOOT + LINE_HEIGHT * (len(order) + 1)
    edges = {
        "left": 0.345,
        "right": 0.99,
        "top": 1 - HEAD / height,
        "bottom": FOOT / height,
        "wspace": 0.08,
    }
    figure, grid = panels(
        1, len(spans), (WIDTH, height), edges, sharex=True, sharey=True
    )
    for axes, span in zip(grid.flat, spans, strict=True):
        _draw_span(axes, only(data, period=span))
        axes.set_title(span.replace("-", "\u2013"))
    axes = grid.flat[0]
    axes.xaxis.set_major_locator(MaxNLocator(4))
    # From high to low: row 0, the main vintage, is at the top.
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_yticks(np.arange(len(order)), [count for _, count in order], fontsize=6.4)
    axes.get_yticklabels()[0].set_fontweight("bold")
    _name_outputs(axes, [output for output, _ in order])
    return figure


def _name_outputs(axes: Axes, outputs: list[str]) -> None:
    """Write the name of an output once, at the left of the first of its vintages."""
    across = blended_transform_factory(axes.figure.transFigure, axes.transData)
    for row, output in enumerate(outputs):
        if row == 0 or output != outputs[row - 1]:
            weight = "bold" if row == 0 else "normal"
            axes.text(
                EDGE,
                row,
                output,
                transform=across,
                fontsize=6.4,
                fontweight=weight,
                va="center",
            )


def _draw_span(axes: Axes, data: pd.DataFrame) -> None:
    axes.axvline(0.0, **REFERENCE)
    names_for_rows(axes)
    for row in records(data):
        main = row["row"] == 0
        mark = SERIES[1]
        colour = ACCENT if main else mark.colour
        axes.plot(
            [row["conf_low"], row["conf_high"]],
            [row["row"], row["row"]],
            color=colour if main else SOFT,
            linewidth=1.1,
            zorder=2,
        )
        axes.plot(
            row["estimate"],
            row["row"],
            marker="D" if main else mark.marker,
            color=colour,
            markersize=4.0,
            zorder=3,
        )


def _describe(data: pd.DataFrame, spans: list[str]) -> str:
    sentences = []
    for span in spans:
        own = only(data, period=span)
        low = fixed(own["estimate"].min())
        high = fixed(own["estimate"].max())
        sentences.append(f"{span}: {len(own)} vintages, from {low} to {high}")
    return "Estimates by vintage of the data. " + "; ".join(sentences) + "."
