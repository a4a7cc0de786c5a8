"""F39: who lies near what; F42: who is on which list, a map for each list."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenfield.shared.figures import (
    FAINT,
    MARKS,
    SOFT,
    WIDTH,
    Artwork,
    line_key,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, only
from evenfield.study.errors import ArtifactError
from evenfield.study.land import land_around
from evenfield.study.longitudes import side_by_side
from evenfield.topics.nearby.table_members import (
    entries,
    list_classes,
    list_keys,
    mapped_lists,
)
from evenfield.topics.nearby.table_words import class_words, in_lines, short_word

KEY_WIDTH = 26  # letters of a line
TITLE_WIDTH = 30
MOST_COLUMNS = 3
TITLE_HEIGHT = 0.32  # inches
EDGE = 0.03  # share of the map around its points
# Shared marks (`MARKS`, named for the lists of one study) that the classes borrow: on or
# near no list, the first, the second, both.
CLASS_MARKS = ("neither", "cluster only", "SEZ only", "both")
LAND: Any = {"facecolor": "none", "edgecolor": FAINT, "linewidth": 0.5, "zorder": 0}


def f39(results: StudyResults) -> Artwork:
    """Draw units where they are, by which lists they are on or near."""
    spec = results.primary(question="specs")
    places = only(
        results.series("places", text=("spec_id", "unit", "place")), spec_id=spec["id"]
    )
    listed = _placed(results, "F39").merge(places, on="unit", how="inner")
    if listed.empty:
        raise _nowhere("F39")
    height = float(np.clip(4.4 * _height_over_width(listed), 2.0, 5.2)) + 0.1
    edges = {"left": 0.01, "right": 0.7, "top": 0.99, "bottom": 0.01}
    figure, grid = panels(1, 1, (WIDTH, height), edges)
    axes = grid[0, 0]
    keys, sentences = [], []
    # Units near a list first, so that those on it are drawn over them.
    for near in (True, False):
        words = class_words(results, spec, near=near)
        marks = CLASS_MARKS if len(words) > 2 else CLASS_MARKS[:2]
        for (name, label), mark in zip(words.items(), marks, strict=True):
            own = only(listed, place=name)
            if own.empty:
                continue
            style = _class_style(mark, near)
            axes.scatter(own["x"], own["lat"], **style)
            keys.append(_class_key(f"{label} ({len(own)})", style))
            sentences.append(f"{len(own)} {label}")
    _draw_land(axes, listed)
    figure.legend(
        handles=keys, loc="center left", bbox_to_anchor=(0.71, 0.5), frameon=False
    )
    text = f"{results.words['units_name'].capitalize()}: {', '.join(sentences)}."
    return Artwork(figure, listed[["unit", "lat", "lon", "place"]], text)


def f42(results: StudyResults) -> Artwork:
    """Draw who is on each list, one map a list."""
    placed = _placed(results, "F42")
    classes = list_classes(results).loc[placed["unit"]]
    lists, against = mapped_lists(results)
    columns = min(MOST_COLUMNS, len(lists))
    rows = -(-len(lists) // columns)
    width = WIDTH / max(columns, 2)
    map_height = float(np.clip(width * _height_over_width(placed), 0.6 * width, 5.0))
    height = rows * (map_height + TITLE_HEIGHT)
    edges = {"left": 0.01, "right": 0.99, "wspace": 0.04}
    edges |= {"top": 1 - TITLE_HEIGHT / height, "bottom": 0.01}
    edges |= {"hspace": TITLE_HEIGHT / map_height}
    figure, grid = panels(rows, columns, (WIDTH, height), edges)
    sentences = []
    for axes, name in zip(grid.flat, lists, strict=False):
        codes = classes[name]
        for code, mark in enumerate(CLASS_MARKS):
            own = placed[(codes == code).to_numpy()]
            style = _class_style(mark, near=code == 0)
            axes.scatter(own["x"], own["lat"], **{**style, "s": style["s"] / 3})
        words = short_word(results, name)
        on_it = int((codes % 2).sum())
        axes.set_title(in_lines(f"{words} ({on_it})", TITLE_WIDTH), fontsize=7)
        sentences.append(
            f"{words}: {'; '.join(list_keys(results, name, codes).values())}"
        )
        _draw_land(axes, placed)
    for axes in grid.flat[len(lists) :]:
        axes.axis("off")
    return Artwork(
        figure,
        entries(results),
        f"{results.words['units_name'].capitalize()} on each list. {'. '.join(sentences)}.",
        _marks_in_words(results, against),
    )


FIGURES_OF_PLACES = {"F39": f39, "F42": f42}


def _marks_in_words(results: StudyResults, against: str) -> str:
    """Say what the marks of the maps of lists mean."""
    if not against:
        return "Squares are on the list that is named, grey dots are not."
    other = short_word(results, against)
    return (
        f"Squares are on the list that is named alone, triangles on the list “{other}”"
        " alone, circles on both, grey dots on neither."
    )


def _placed(results: StudyResults, figure: str) -> pd.DataFrame:
    """Return units with their coordinates and with x, longitudes side by side."""
    units = results.table("units")
    if not {"lat", "lon"} <= set(units):
        raise _nowhere(figure)
    placed = units[["unit", "lat", "lon"]].dropna()
    return placed.assign(x=side_by_side(placed["lon"].to_numpy(float)))


def _nowhere(figure: str) -> ArtifactError:
    return ArtifactError(
        "no coordinates, or no primary specification",
        "lat and lon in units.csv, and role: primary",
        f"drop {figure} from `figures`",
    )


def _degree_of_lon(placed: pd.DataFrame) -> float:
    """Return how long a degree of longitude is: cos(latitude) of one of latitude."""
    return float(np.cos(np.radians(placed["lat"].mean())))


def _height_over_width(placed: pd.DataFrame) -> float:
    width = np.ptp(placed["x"]) * _degree_of_lon(placed)
    return float(np.ptp(placed["lat"]) / max(width, 1e-9))


def _draw_land(axes: Axes, placed: pd.DataFrame) -> None:
    """Draw the coast beneath points and cut the map around them."""
    x, lat = placed["x"], placed["lat"]
    wide = EDGE * max(np.ptp(x), 1e-9)
    high = EDGE * max(np.ptp(lat), 1e-9)
    frame = (x.min() - wide, lat.min() - high, x.max() + wide, lat.max() + high)
    points = placed[["x", "lat"]].to_numpy(float)
    # The land is cut farther out, where the cut is not seen.
    cut = (frame[0] - wide, frame[1] - high, frame[2] + wide, frame[3] + high)
    for ring in land_around(points, lambda places: places, cut):
        axes.fill(ring[:, 0], ring[:, 1], **LAND)
    axes.set_xlim(frame[0], frame[2])
    axes.set_ylim(frame[1], frame[3])
    axes.set_aspect(1 / _degree_of_lon(placed))
    axes.axis("off")


def _class_style(mark_name: str, near: bool) -> Row:
    """Return how units of a class are scattered: filled on a list, hollow near one."""
    mark = MARKS[mark_name]
    if mark_name == "neither":
        return {"s": 7, "color": FAINT if near else SOFT, "linewidth": 0}
    if near:
        hollow = {"facecolor": "white", "edgecolor": mark.colour, "linewidth": 1.1}
        return {"s": 16, "marker": mark.marker, **hollow}
    return {"s": 26, "marker": mark.marker, "color": mark.colour, "linewidth": 0}


def _class_key(label: str, style: Row) -> Line2D:
    """Return the key of a class: its mark of the scatter, whose size is an area."""
    return line_key(
        in_lines(label, KEY_WIDTH),
        linestyle="",
        marker=style.get("marker", "o"),
        markersize=float(style["s"]) ** 0.5,
        markerfacecolor=style.get("facecolor", style.get("color")),
        markeredgecolor=style.get("edgecolor", style.get("color")),
    )
