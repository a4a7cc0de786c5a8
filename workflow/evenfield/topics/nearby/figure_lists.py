"""F41: growth near several lists, by radius, a panel for each design."""

import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    INK,
    NARROW,
    SMALL,
    SOFT,
    Artwork,
    heading,
    key_below,
    line_key,
    names_for_rows,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, is_missing
from evenfield.study.errors import ArtifactError
from evenfield.topics.nearby.table_lists import asked_lists, near_row
from evenfield.topics.nearby.table_words import in_lines, short_word

ROW_HEIGHT = 0.56  # inches a list
TOP = 0.4
BOTTOM = 1.0
LABEL_WIDTH = 54  # letters of a line of the axis
APART = 0.2  # between the marks of two radii
NAME_ABOVE = 0.37  # how far the name of a list stands above the middle of its marks
BELOW_NAME = 0.1  # and how far the marks stand below the middle of the row
MARKERS = ("o", "s", "D", "^", "v")
MEASURED = ["estimate", "conf_low", "conf_high"]
COLUMNS = ["list", "radius", "design", *MEASURED]


def f41(results: StudyResults) -> Artwork:
    """Draw growth near each list over the first span, one panel a design."""
    section, table = asked_lists(results)
    span = table.spans[0]
    designs = list(table.designs)
    drawn = []
    height = TOP + BOTTOM + ROW_HEIGHT * len(table.lists)
    edges = {"left": 0.03, "right": 0.97, "wspace": 0.08}
    edges |= {"top": 1 - TOP / height, "bottom": BOTTOM / height}
    size = (NARROW, height)
    figure, grid = panels(1, len(designs), size, edges, sharex=True, sharey=True)
    middle = (len(table.radii) - 1) / 2
    for axes, design in zip(grid[0], designs, strict=True):
        heading(axes, _title(results, table.designs[design].within))
        for line, name in enumerate(table.lists):
            # No line runs through the name of a list.
            ends = (line - 0.2, line + 0.5)
            axes.vlines(0, *ends, color=SOFT, linewidth=0.8)
            for position, radius in enumerate(table.radii):
                near = near_row(results, section, (name, radius, span))
                row = {key: near.get(f"{key}_{design}") for key in MEASURED}
                place = line + BELOW_NAME + APART * (position - middle)
                colour = INK if radius == section.radius else SOFT
                _draw(axes, row, place, colour, MARKERS[position % len(MARKERS)])
                drawn.append({"list": name, "radius": radius, "design": design} | row)
        names_for_rows(axes)
    if all(is_missing(row["estimate"]) for row in drawn):
        raise ArtifactError(
            "no estimates", "rows of the lists", "drop F41 from `figures`"
        )
    first = grid[0, 0]
    first.set_yticks([])
    first.set_ylim(len(table.lists) - 0.4, -0.6)
    # Above its marks, over all panels: no column of names takes their width.
    for line, name in enumerate(table.lists):
        first.annotate(
            short_word(results, name),
            (0, line - NAME_ABOVE),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL,
        )
    outcome = section.outcomes[table.outcome].label
    label = f"growth near less growth elsewhere, percentage points a year ({outcome})"
    lines = in_lines(label, LABEL_WIDTH)
    figure.text(0.03, 0.36 / height, lines, fontsize=SMALL, va="bottom")
    keys = [
        line_key(
            f"within {radius:g} {section.distance}",
            color=INK if radius == section.radius else SOFT,
            marker=MARKERS[position % len(MARKERS)],
            markersize=4,
        )
        for position, radius in enumerate(table.radii)
    ]
    key_below(figure, keys, handletextpad=0.4, columnspacing=1.0)
    return Artwork(figure, pd.DataFrame(drawn, columns=COLUMNS), _alt(results, drawn))


FIGURES_OF_LISTS = {"F41": f41}


def _draw(axes: Axes, row: Row, place: float, colour: str, marker: str) -> None:
    """Draw an estimate with its interval."""
    if is_missing(row["estimate"]):
        return
    if not is_missing(row["conf_low"]):
        axes.hlines(place, row["conf_low"], row["conf_high"], colour, linewidth=1.3)
    axes.plot(row["estimate"], place, marker, color=colour, markersize=4)


def _title(results: StudyResults, within: str) -> str:
    units = results.words["units_name"]
    return f"Within each {results.word(within)}" if within else f"Among all {units}"


def _alt(results: StudyResults, drawn: list[Row]) -> str:
    """Say every estimate that is drawn."""
    sentences = []
    for row in drawn:
        if is_missing(row["estimate"]):
            continue
        where = (
            f"{short_word(results, row['list'])}, {row['radius']:g}, {row['design']}"
        )
        sentences.append(f"{where}: {fixed(row['estimate'], 2)}")
    return f"Growth near less growth elsewhere, percentage points a year. {'; '.join(sentences)}."
