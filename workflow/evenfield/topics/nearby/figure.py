"""F38: growth of units near each list, near both and near neither; F39: who lies where."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenfield.shared.figures import (
    FAINT,
    INK,
    MARKS,
    SOFT,
    WIDTH,
    Artwork,
    key_below,
    line_key,
    names_for_rows,
    padded,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, is_missing, only, records
from evenfield.study.errors import ArtifactError
from evenfield.study.longitudes import side_by_side
from evenfield.topics.nearby.figure_lists import FIGURES_OF_LISTS
from evenfield.topics.nearby.table_words import (
    asked,
    class_words,
    deciding,
    heading,
    in_lines,
    setting,
)

ABOVE = 0.1  # how far marks of the first specification stand above the middle of a row
BELOW = 0.2  # and those of the second one below it
HEADING_WIDTH = 74  # letters of a line
LABEL_WIDTH = 34
KEY_WIDTH = 26
# Heights in inches
HEADING_LINE = 0.17
CLASS_ROW = 0.42
AXIS_AND_KEY = 0.75
# Shared marks (`MARKS`, named for the lists of one study) that the classes borrow: on or
# near no list, the first, the second, both.
CLASS_MARKS = ("neither", "cluster only", "SEZ only", "both")
COLUMNS = "spec_id near estimate conf_low conf_high units growth".split()


def f38(results: StudyResults) -> Artwork:
    """Draw growth near each list, near both and near neither, given the start."""
    specs = _drawn(results)
    means = results.series("means", text=("spec_id", "near"))
    rows = means[means["spec_id"].isin([spec["id"] for spec in specs])]
    if rows.empty:
        raise ArtifactError("no means", "units near a list", "drop F38 from `figures`")
    main = specs[0]
    words = class_words(results, main, near=True)
    classes = [name for name in words if name in set(rows["near"])]
    found = heading(results, main, deciding(results.estimates(), main))
    title = in_lines(found, HEADING_WIDTH)
    title_height = 0.2 + HEADING_LINE * (1 + title.count("\n"))
    height = title_height + AXIS_AND_KEY + CLASS_ROW * len(classes)
    edges = {"left": 0.34, "right": 0.93}
    edges |= {"top": 1 - title_height / height, "bottom": 0.72 / height}
    figure, grid = panels(1, 1, (WIDTH, height), edges)
    axes = grid[0, 0]
    keys, sentences = [], []
    for spec in specs:
        is_main = spec is main
        by_class = {row["near"]: row for row in records(rows, spec_id=spec["id"])}
        drawn = [name for name in classes if name in by_class]
        for name in drawn:
            _draw_mean(axes, by_class[name], classes.index(name), is_main)
        keys.append(_spec_key(_compared_units(results, spec), is_main))
        if is_main:
            sentences = [
                f"{words[name]} {fixed(by_class[name]['estimate'], 1)}"
                for name in drawn
            ]
    axes.set_yticks(
        range(len(classes)), [in_lines(words[name], LABEL_WIDTH) for name in classes]
    )
    axes.set_ylim(len(classes) - 0.4, -0.6)
    axes.set_xlim(*padded(rows[["conf_low", "conf_high"]], 0.05, 0.1))
    names_for_rows(axes)
    outcome = asked(results)["outcomes"][main["outcome"]]
    axes.set_xlabel(f"growth of {outcome['label']}, % a year")
    figure.text(0.02, 1 - 0.1 / height, title, va="top", fontsize=9, weight="bold")
    key_below(figure, keys, handletextpad=0.4)
    text = f"{title.replace(chr(10), ' ')}. {'; '.join(sentences)}."
    return Artwork(figure, rows[COLUMNS], text)


def f39(results: StudyResults) -> Artwork:
    """Draw units where they are, by which lists they are on or near."""
    spec = results.primary(question="specs")
    places = only(
        results.series("places", text=("spec_id", "unit", "place")), spec_id=spec["id"]
    )
    units = results.table("units")
    if places.empty or not {"lat", "lon"} <= set(units):
        raise ArtifactError(
            "no coordinates, or no primary specification",
            "lat and lon in units.csv, and role: primary",
            "drop F39 from `figures`",
        )
    listed = units[["unit", "lat", "lon"]].merge(places, on="unit", how="inner")
    placed = listed.assign(lon=side_by_side(listed["lon"].to_numpy(float)))
    # A degree of longitude is cos(latitude) times as long as one of latitude.
    degree_of_lon = np.cos(np.radians(placed["lat"].mean()))
    width = np.ptp(placed["lon"]) * degree_of_lon
    height_over_width = np.ptp(placed["lat"]) / max(width, 1e-9)
    size = (WIDTH, float(np.clip(4.4 * height_over_width, 2.0, 5.2)) + 0.1)
    edges = {"left": 0.01, "right": 0.7, "top": 0.99, "bottom": 0.01}
    figure, grid = panels(1, 1, size, edges)
    axes = grid[0, 0]
    keys, sentences = [], []
    # Units near a list first, so that those on it are drawn over them.
    for near in (True, False):
        words = class_words(results, spec, near=near)
        marks = CLASS_MARKS if len(words) > 2 else CLASS_MARKS[:2]
        for (name, label), mark in zip(words.items(), marks, strict=True):
            own = only(placed, place=name)
            if own.empty:
                continue
            style = _class_style(mark, near)
            axes.scatter(own["lon"], own["lat"], **style)
            keys.append(_class_key(f"{label} ({len(own)})", style))
            sentences.append(f"{len(own)} {label}")
    axes.set_aspect(1 / degree_of_lon)
    axes.axis("off")
    figure.legend(
        handles=keys, loc="center left", bbox_to_anchor=(0.71, 0.5), frameon=False
    )
    text = f"{results.words['units_name'].capitalize()}: {', '.join(sentences)}."
    return Artwork(figure, listed[["unit", "lat", "lon", "place"]], text)


FIGURES = {"F38": f38, "F39": f39, **FIGURES_OF_LISTS}


def _drawn(results: StudyResults) -> list[Row]:
    """Return the primary specification and the first one that differs from it only in
    the groups within which units are compared.
    """
    main = results.primary(question="specs")

    def compared(spec: Row) -> list[object]:
        own = [spec.get(key) for key in ("lists", "outcome", "measure", "sample")]
        # The section may say these for all specifications.
        shared = ("years", "radius", "distance")
        return [*own, *(setting(results, spec, key) for key in shared)]

    for spec in results.specs(question="specs"):
        other_groups = (spec.get("within") or "") != (main.get("within") or "")
        if other_groups and compared(spec) == compared(main):
            return [main, spec]
    return [main]


def _compared_units(results: StudyResults, spec: Row) -> str:
    """Say among which units a specification compares."""
    units = results.words["units_name"]
    within = spec.get("within")
    return f"among {units} of one {within}" if within else f"among all {units}"


def _draw_mean(axes: Axes, row: Row, line: int, is_main: bool) -> None:
    """Draw the mean of a class with its interval, and for the main specification the
    number of its units; ``line`` counts classes from the top.
    """
    colour = INK if is_main else SOFT
    place = line - ABOVE if is_main else line + BELOW
    if not is_missing(row["conf_low"]):
        axes.hlines(place, row["conf_low"], row["conf_high"], colour, linewidth=1.6)
    axes.plot(
        row["estimate"],
        place,
        "o",
        color=colour,
        markerfacecolor=INK if is_main else "white",
        markersize=5,
    )
    if is_main:
        axes.annotate(
            fixed(row["units"], 0),
            (1.01, line),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=7,
            color=SOFT,
        )


def _spec_key(label: str, is_main: bool) -> Line2D:
    """Return the key of a specification: filled for the main one, hollow for the other."""
    return line_key(
        label,
        color=INK if is_main else SOFT,
        marker="o",
        markersize=4.5,
        markerfacecolor=INK if is_main else "white",
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
