"""F38: growth of units near each list, near both and near neither; F39: who lies where."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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
from evenfield.shared.tables import Row, fixed, is_missing, only, pick
from evenfield.study.errors import ArtifactError
from evenfield.topics.nearby.table_words import (
    asked,
    class_words,
    deciding,
    heading,
    in_lines,
    setting,
)

BESIDE = 0.2  # of marks of the second specification, below those of the first
LETTERS = 74  # of a line of the heading
CELLS = ("neither", "cluster only", "SEZ only", "both")  # looks of the classes
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
    order = [name for name in words if name in set(rows["near"])]
    row = deciding(results.estimates(), main)
    lines = in_lines(heading(results, main, row), LETTERS)
    top = 0.2 + 0.17 * (1 + lines.count("\n"))
    size = (WIDTH, top + 0.75 + 0.42 * len(order))
    edges = {"left": 0.34, "right": 0.93}
    edges |= {"top": 1 - top / size[1], "bottom": 0.72 / size[1]}
    figure, grid = panels(1, 1, size, edges)
    axes = grid[0, 0]
    sentences = []
    for at, spec in enumerate(specs):
        sentences += _draw_means(axes, only(rows, spec_id=spec["id"]), order, words, at)
    axes.set_yticks(range(len(order)), [in_lines(words[name], 34) for name in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(*padded(rows[["conf_low", "conf_high"]], 0.05, 0.1))
    names_for_rows(axes)
    outcome = asked(results)["outcomes"][main["outcome"]]
    axes.set_xlabel(f"growth of {outcome['label']}, % a year")
    figure.text(0.02, 1 - 0.1 / size[1], lines, va="top", fontsize=9, weight="bold")
    keys = [
        line_key(
            _short(results, spec),
            color=INK if not at else SOFT,
            marker="o",
            markersize=4.5,
            markerfacecolor=INK if not at else "white",
        )
        for at, spec in enumerate(specs)
    ]
    key_below(figure, keys, handletextpad=0.4)
    text = f"{lines.replace(chr(10), ' ')}. {'; '.join(sentences)}."
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
    placed = units[["unit", "lat", "lon"]].merge(places, on="unit", how="inner")
    scale = np.cos(np.radians(placed["lat"].mean()))
    tall = np.ptp(placed["lat"]) / max(np.ptp(placed["lon"]) * scale, 1e-9)
    size = (WIDTH, float(np.clip(4.4 * tall, 2.0, 5.2)) + 0.1)
    edges = {"left": 0.01, "right": 0.7, "top": 0.99, "bottom": 0.01}
    figure, grid = panels(1, 1, size, edges)
    axes = grid[0, 0]
    keys, sentences = [], []
    # Lists on top of what lies near them.
    for near in (True, False):
        words = class_words(results, spec, near=near)
        looks = dict(zip(words, _looks(len(words)), strict=True))
        for name, label in words.items():
            own = only(placed, place=name)
            if own.empty:
                continue
            style = _style(looks[name], near)
            axes.scatter(own["lon"], own["lat"], **style)
            keys.append(_key(f"{label} ({len(own)})", style))
            sentences.append(f"{len(own)} {label}")
    axes.set_aspect(1 / scale)
    axes.axis("off")
    figure.legend(
        handles=keys, loc="center left", bbox_to_anchor=(0.71, 0.5), frameon=False
    )
    text = f"{results.words['units_name'].capitalize()}: {', '.join(sentences)}."
    return Artwork(figure, placed[["unit", "lat", "lon", "place"]], text)


FIGURES = {"F38": f38, "F39": f39}


def _drawn(results: StudyResults) -> list[Row]:
    """Return the primary specification and the first that differs in its groups alone."""
    main = results.primary(question="specs")
    same = ("lists", "outcome", "measure", "sample")
    shared = ("years", "radius", "distance")
    for spec in results.specs(question="specs"):
        alike = all(spec.get(key) == main.get(key) for key in same)
        alike &= all(
            setting(results, spec, key) == setting(results, main, key) for key in shared
        )
        if alike and (spec.get("within") or "") != (main.get("within") or ""):
            return [main, spec]
    return [main]


def _short(results: StudyResults, spec: Row) -> str:
    """Say among which units a specification compares."""
    units = results.words["units_name"]
    within = spec.get("within")
    return f"among {units} of one {within}" if within else f"among all {units}"


def _draw_means(
    axes: Axes, rows: pd.DataFrame, order: list[str], words: dict[str, str], at: int
) -> list[str]:
    """Draw the means of one specification, the first on its line, the second below."""
    sentences = []
    colour = SOFT if at else INK
    for line, name in enumerate(order):
        row = pick(rows, near=name)
        if not row:
            continue
        place = line + (BESIDE if at else -BESIDE / 2)
        if not is_missing(row["conf_low"]):
            axes.hlines(place, row["conf_low"], row["conf_high"], colour, linewidth=1.6)
        face = "white" if at else colour
        axes.plot(
            row["estimate"],
            place,
            "o",
            color=colour,
            markerfacecolor=face,
            markersize=5,
        )
        if not at:
            axes.annotate(
                fixed(row["units"], 0),
                (1.01, line),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=7,
                color=SOFT,
            )
            sentences.append(f"{words[name]} {fixed(row['estimate'], 1)}")
    return sentences


def _looks(classes: int) -> tuple[str, ...]:
    """Return which mark each class has: none, first, second, both."""
    return CELLS if classes > 2 else CELLS[:2]


def _style(cell: str, near: bool) -> Row:
    """Return the look of units on a list, filled, or near one, hollow."""
    mark = MARKS[cell]
    if cell == "neither":
        return {"s": 7, "color": FAINT if near else SOFT, "linewidth": 0}
    if near:
        hollow = {"facecolor": "white", "edgecolor": mark.colour, "linewidth": 1.1}
        return {"s": 16, "marker": mark.marker, **hollow}
    return {"s": 26, "marker": mark.marker, "color": mark.colour, "linewidth": 0}


def _key(label: str, style: Row) -> object:
    """Return the key of a class."""
    face = style.get("facecolor", style.get("color"))
    edge = style.get("edgecolor", style.get("color"))
    look = {"marker": style.get("marker", "o"), "markersize": float(style["s"]) ** 0.5}
    return line_key(
        in_lines(label, 26),
        linestyle="",
        markerfacecolor=face,
        markeredgecolor=edge,
        **look,
    )
