"""F25: units on the plane of what grew from below and what was made from above, marked by
the paper's own groups, with their growth as colour.
"""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from evenfield.shared.figures import (
    INK,
    MARKS,
    NARROW,
    SMALL,
    SOFT,
    Artwork,
    cell_key,
    heading,
    label_points,
    padded,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    cells_in,
    cells_of,
    count_of,
    fixed,
    last_main_period,
    nothing_to_show,
    only,
    pick,
)

GROWTH = "growth_pct_per_year"
ZONES = {"state": "national zones"}
# From the fewest clusters and zones to the most; where each name stands in the panel.
QUADRANTS = {
    (False, False): ("little of either", "left", "bottom"),
    (True, False): ("grown from below", "right", "bottom"),
    (False, True): ("made from above", "left", "top"),
    (True, True): ("much of both", "right", "top"),
}
CORNERS = {
    "left": 0.012,
    "right": 0.988,
    "bottom": 0.016,
    "top": 0.984,
}
EDGES = {
    "left": 0.12,
    "right": 0.87,
    "top": 0.895,
    "bottom": 0.215,
}
LINE = 44  # letters of a line below the panel
MOST_NAMES = 60


def f25(results: StudyResults) -> Artwork:
    """Draw the plane of the last main period."""
    spec = results.primary()
    period = last_main_period(results.config.periods)
    basis = pick(results.estimates(), period=period).get("output_basis", "")
    label = results.period(period, basis)
    plane = only(results.series("plane"), spec_id=str(spec["id"]), period=period)
    if plane.empty:
        raise nothing_to_show(f"plane of clusters and zones in {label}")
    taxonomy = results.config.taxonomy.primary
    # Labels say what the paper calls a unit, the plane how much of either it has.
    cells = cells_of(results.table("cells"), taxonomy, period)
    data = plane.merge(cells[["unit", "cell"]], on="unit", how="left")
    figure, grid = panels(1, 1, (NARROW, 4.6), EDGES)
    axes = grid[0, 0]
    units = results.words["units_name"].capitalize()
    heading(axes, f"{units} by clusters and zones, {label} (dashed: medians)")
    _scale(axes, data)
    names = _name_corners(axes, data)
    # Cividis rises evenly in lightness, also for readers who do not tell red from green.
    shown = cells_in(data["cell"])
    for cell in reversed(shown):
        points = only(data, cell=cell)
        marks = axes.scatter(
            points["endogenous"],
            points["exogenous"],
            c=points[GROWTH],
            cmap="cividis",
            vmin=data[GROWTH].min(),
            vmax=data[GROWTH].max(),
            marker=MARKS[cell].marker,
            s=28,
            edgecolor=INK,
            linewidth=0.5,
            zorder=4,
        )
    bar = figure.colorbar(
        marks,
        ax=axes,
        pad=0.015,
        fraction=0.045,
    )
    bar.set_label("growth of income per head, % a year", color=INK)
    bar.outline.set_visible(False)
    # More names than this cover the marks.
    if len(data) <= MOST_NAMES:
        label_points(
            axes,
            data["endogenous"].to_numpy(float),
            data["exogenous"].to_numpy(float),
            list(map(results.label, data["unit"])),
            avoid=[name.get_window_extent() for name in names],
            color=INK,
            fontsize=SMALL,
        )
    measure = str(spec["endogenous"])
    zones = ZONES.get(spec["exogenous"], f"{spec['exogenous']} zones".replace("_", " "))
    axes.set_xlabel(fill(f"clusters: {_meaning(results, measure)}", LINE))
    axes.set_ylabel(f"{zones} in force, mean of {label}")
    cell_key(
        figure, shown, colour=SOFT, loc="lower center", bbox_to_anchor=(0.5, -0.005)
    )
    return Artwork(figure, data, _describe(results, data, zones, label))


FIGURES = {"F25": f25}


def _meaning(results: StudyResults, measure: str) -> str:
    """Say in the words of clusters.csv what a measure of clusters is."""
    clusters = results.ingested("clusters", ("measure", "note"))
    notes = only(clusters, measure=measure)["note"].unique()
    return str(notes[0]) if len(notes) == 1 and notes[0] else measure.replace("_", " ")


def _scale(axes: Axes, data: pd.DataFrame) -> None:
    """Set both axes: ratios where every unit has something, so that the few units with
    most do not press the others into a corner.
    """
    for side, name in (("x", "endogenous"), ("y", "exogenous")):
        low = float(data[name].min())
        high = float(data[name].max())
        if low <= 0:
            axes.set(**{f"{side}lim": padded(data[name], 0.06, floor=0.1)})
            continue
        factor = (high / low) ** 0.06
        limits = (low / factor, high * factor)
        axes.set(**{f"{side}scale": "log", f"{side}lim": limits})
        axis = getattr(axes, f"{side}axis")
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _many(data: pd.DataFrame) -> pd.DataFrame:
    """Say on each axis whether a unit has more than the median."""
    measures = data[["endogenous", "exogenous"]]
    # A unit at the median counts as one with little.
    return measures.gt(measures.median())


def _name_corners(axes: Axes, data: pd.DataFrame) -> list[Text]:
    """Divide the plane at the medians and name its corners."""
    style: Row = {
        "color": SOFT,
        "linewidth": 0.7,
        "linestyle": (0, (4, 3)),
        "zorder": 1,
    }
    axes.axvline(data["endogenous"].median(), **style)
    axes.axhline(data["exogenous"].median(), **style)
    return [
        axes.text(
            CORNERS[side],
            CORNERS[end],
            name,
            transform=axes.transAxes,
            ha=side,
            va=end,
            fontsize=SMALL,
            fontstyle="italic",
            color=SOFT,
        )
        for name, side, end in QUADRANTS.values()
    ]


def _describe(results: StudyResults, data: pd.DataFrame, zones: str, label: str) -> str:
    many = _many(data)
    parts = []
    for (clusters, zoned), (name, *_) in QUADRANTS.items():
        inside = data[many["endogenous"].eq(clusters) & many["exogenous"].eq(zoned)]
        if len(inside):
            units = count_of(len(inside), results.words)
            parts.append(f"{name} {units}, {fixed(inside[GROWTH].mean(), 1)}% a year")
    units = results.words["units_name"].capitalize()
    return (
        f"{units} by clusters and {zones} in {label}, divided at the medians, with mean"
        f" growth of income per head: {'; '.join(parts)}."
    )
