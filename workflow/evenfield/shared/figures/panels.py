"""What figures of several panels share: a grid with its edges, limits with room for
labels, points marked by cell with their key, and the sentence on proxy years.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from evenfield.shared.figures.timeline import PROXY, letters_in
from evenfield.study.figure_style import ACCENT, LARGE, MARKS, in_points, use_style

BOLD_LETTER = 0.68  # of its height, the width of a letter of a heading on average
RATIO_LETTERS = {"x": 5.0, "y": 3.0}  # of a percentage with a gap, along an axis
# Ratios to an average at which an axis has ticks.
RATIOS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4),
    *(0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0),
    *(10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0),
)


def panels(
    rows: int,
    columns: int,
    size: tuple[float, float],
    edges: Mapping[str, float],
    **options: Any,
) -> tuple[Figure, np.ndarray]:
    """Return a figure in the style of the house and its axes (rows, columns); size in
    inches, edges in shares of it.
    """
    use_style(size[0])
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    figure.subplots_adjust(**edges)
    return figure, grid


def padded(
    values: Any, share: float, floor: float, above: float = 1.0
) -> tuple[float, float]:
    """Return limits that leave a share of the range (``floor`` at least) below the
    values and ``above`` times as much above them, where names stand.
    """
    low = float(np.nanmin(values))
    high = float(np.nanmax(values))
    pad = share * max(high - low, floor)
    return low - pad, high + above * pad


def ratio_axis(axes: Axes, which: str, low: float, high: float) -> None:
    """Write ratios to an average as percentages on the ratio scale of ``x`` or ``y`` from
    low to high, those that have room, from the average outwards.
    """
    inside = [tick for tick in RATIOS if low <= tick <= high]
    length = axes.bbox.width if which == "x" else axes.bbox.height
    room = np.log(high / low) / max(letters_in(axes, length), 1)
    kept = [1.0] if low <= 1.0 <= high else inside[:1]
    for tick in sorted(inside, key=lambda ratio: abs(np.log(ratio))):
        gap = min(abs(np.log(tick / other)) for other in kept)
        if gap >= room * RATIO_LETTERS[which]:
            kept.append(tick)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(sorted(kept), [f"{100 * tick:,g}" for tick in sorted(kept)])
    axis.set_minor_locator(NullLocator())


def heading(axes: Axes, words: str) -> None:
    """Write the heading of a panel, in as many lines as it has to have beside the next
    panel or within the figure.
    """
    figure = axes.figure
    own = axes.get_position()
    beside = [
        place.x0
        for place in (other.get_position() for other in figure.axes)
        if place.x0 > own.x0 and place.y0 < own.y1 and place.y1 > own.y0
    ]
    inches = figure.bbox.width / figure.dpi
    room = 72 * (min([1.0, *beside]) - own.x0) * inches
    letters = int(room / (BOLD_LETTER * in_points(LARGE)))
    axes.set_title("\n".join(wrap(words, max(letters, 1))))


def names_for_rows(axes: Axes) -> None:
    """Leave names alone at the left, where rows and not numbers stand."""
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def cell_key(
    figure: Figure, cells: list[str], colour: str = "", **position: Any
) -> None:
    """Draw the key of marked cells in one line, in one colour where colour says
    something else; none where nothing is told apart.
    """
    if cells in ([], ["neither"]):
        return
    keys = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=MARKS[cell].marker,
            color=colour or MARKS[cell].colour,
            label=cell,
        )
        for cell in cells
    ]
    figure.legend(
        handles=keys,
        ncols=len(keys),
        handletextpad=0.2,
        **position,
    )


def proxy_sentence(frame: pd.DataFrame, consequence: str = "use proxy output") -> str:
    """Say for readers of the description up to which year output is the proxy."""
    years = frame.loc[frame["basis"].eq(PROXY), "year"]
    return f" Years to {int(years.max())} {consequence}." if len(years) else ""


def line_key(label: str, **style: Any) -> Line2D:
    """Return the key of a line or a mark."""
    return Line2D([], [], label=label, **style)


def tick_key(label: str, markersize: float, colour: str = ACCENT) -> Line2D:
    """Return the key of a short vertical stroke: the smallest effect that is seen."""
    stroke = {"color": colour, "marker": "|", "linestyle": ""}
    return line_key(label, markersize=markersize, **stroke)


def key_below(
    figure: Figure, keys: Sequence[Artist], columns: int = 0, **spacing: object
) -> None:
    """Draw a key beneath all panels, in one line or so many columns."""
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=columns or len(keys),
        bbox_to_anchor=(0.5, 0.0),
        **spacing,
    )
