"""F38: growth of units near each list, near both and near neither."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenfield.shared.figures import (
    INK,
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
from evenfield.shared.tables import Row, fixed, is_missing, records
from evenfield.study.errors import ArtifactError
from evenfield.topics.nearby.figure_lists import FIGURES_OF_LISTS
from evenfield.topics.nearby.figure_places import FIGURES_OF_PLACES
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
# Heights in inches
HEADING_LINE = 0.17
CLASS_ROW = 0.42
AXIS_AND_KEY = 0.75
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


FIGURES = {"F38": f38, **FIGURES_OF_PLACES, **FIGURES_OF_LISTS}


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
