"""F39: who lies near what; F42: who is on which list, a map for each list."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from evenfield.shared.figures import (
    FAINT,
    MARKS,
    NARROW,
    SMALL,
    SOFT,
    WIDTH,
    Artwork,
    draw_land,
    height_over_width,
    key_below,
    line_key,
    panels,
    placed_units,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, in_words, only
from evenfield.study.errors import ArtifactError
from evenfield.topics.nearby.table_members import (
    entries,
    list_classes,
    list_keys,
    mapped_lists,
)
from evenfield.topics.nearby.table_words import (
    asked,
    class_words,
    in_lines,
    short_word,
)

LINE_OF_KEY = 0.22  # inches
KEY_WIDTH = 26  # letters of a line
TITLE_WIDTH = 88  # letters of a line over all maps of a row
COLUMNS = (2, 3)  # the first with which the maps fit a page
MOST_MAPS = 4  # of which marks can be told apart; the map of the page has every list
TALLEST = 8.0  # inches
TITLE_HEIGHT = 0.36  # inches
# Shared marks (`MARKS`, named for the lists of one study) that the classes borrow: on or
# near no list, the first, the second, both.
CLASS_MARKS = ("neither", "cluster only", "SEZ only", "both")


def f39(results: StudyResults) -> Artwork:
    """Draw units where they are, by which lists they are on or near."""
    spec = results.primary(question="specs")
    places = only(
        results.series("places", text=("spec_id", "unit", "place")), spec_id=spec["id"]
    )
    listed = _placed(results, "F39").merge(places, on="unit", how="inner")
    if listed.empty:
        raise _nowhere("F39")
    tall = float(np.clip(NARROW * height_over_width(listed), 2.0, 5.2))
    figure, grid = panels(1, 1, (NARROW, tall), {"left": 0.01, "right": 0.99})
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
    draw_land(axes, listed)
    lines = sum(1 + str(key.get_label()).count("\n") for key in keys)
    below = LINE_OF_KEY * (lines / 2 + 1)
    figure.set_size_inches(NARROW, tall + below)
    figure.subplots_adjust(top=0.99, bottom=below / (tall + below))
    key_below(figure, keys, columns=2)
    text = f"{results.words['units_name'].capitalize()}: {', '.join(sentences)}."
    return Artwork(figure, listed[["unit", "lat", "lon", "place"]], text)


def f42(results: StudyResults) -> Artwork:
    """Draw who is on each list, one map a list, of those that tables compare first."""
    placed = _placed(results, "F42")
    classes = list_classes(results).loc[placed["unit"]]
    every, against = mapped_lists(results)
    compared = asked(results).get("list_table", {}).get("lists", ())
    lists = sorted(every, key=lambda name: name not in compared)[:MOST_MAPS]
    columns, map_height = _grid_of_maps(len(lists), height_over_width(placed))
    rows = -(-len(lists) // columns)
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
            axes.scatter(own["x"], own["lat"], **{**style, "s": style["s"] / 2})
        words = short_word(results, name)
        on_it = int((codes % 2).sum())
        axes.set_title(
            in_lines(f"{words} ({on_it})", TITLE_WIDTH // columns), fontsize=SMALL
        )
        sentences.append(
            f"{words}: {'; '.join(list_keys(results, name, codes).values())}"
        )
        draw_land(axes, placed)
    for axes in grid.flat[len(lists) :]:
        axes.axis("off")
    return Artwork(
        figure,
        entries(results),
        f"{results.words['units_name'].capitalize()} on each list. {'. '.join(sentences)}.",
        _marks_in_words(results, against) + _not_drawn(results, every, lists),
    )


FIGURES_OF_PLACES = {"F39": f39, "F42": f42}


def _grid_of_maps(maps: int, tall: float) -> tuple[int, float]:
    """Return columns of maps and the inches of a map's height, for maps so tall in their
    width.
    """
    for most in COLUMNS:
        columns = min(most, maps)
        width = WIDTH / max(columns, 2)
        height = float(np.clip(width * tall, 0.6 * width, 5.0))
        if -(-maps // columns) * (height + TITLE_HEIGHT) <= TALLEST:
            break
    return columns, height


def _not_drawn(
    results: StudyResults, every: Sequence[str], drawn: Sequence[str]
) -> str:
    """Say which lists have no map in print; the page shows the one that is chosen."""
    left_out = [short_word(results, name) for name in every if name not in drawn]
    if not left_out:
        return ""
    return f" In print these lists have no map: {in_words(left_out)}."


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
    return placed_units(units)


def _nowhere(figure: str) -> ArtifactError:
    return ArtifactError(
        "no coordinates, or no primary specification",
        "lat and lon in units.csv, and role: primary",
        f"drop {figure} from `figures`",
    )


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
