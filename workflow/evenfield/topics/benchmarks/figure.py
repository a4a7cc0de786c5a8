"""F24: our estimates as a forest, with the published figures that they may stand beside."""

from __future__ import annotations

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, INK, MARKS, PALE, WIDTH, use_style
from evenfield.shared.tables.numbers import fixed, interval, is_missing
from evenfield.shared.tables.rows import Row, records
from evenfield.study.errors import ArtifactError
from evenfield.topics.benchmarks.table import published, unit_name

SPEED = "% per year"
ROW_HEIGHT = 0.36
THEIRS = MARKS["SEZ only"].colour
ARROWS = {"converging": ">", "diverging": "<"}


def forest_rows(rows: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """Return the benchmarks that can be drawn on one axis: speeds of convergence and directions."""
    ours = rows["estimate_id"].map(units)
    drawn = rows[ours.eq(SPEED) & rows["estimate"].notna()].reset_index(drop=True)
    if drawn.empty:
        raise ArtifactError("no benchmark has a speed of convergence beside it", "one in benchmarks.csv",
                            "remove F24 from `figures` in config.yaml")  # fmt: skip
    return drawn


def draw_benchmarks(rows: pd.DataFrame) -> Artwork:
    """Draw our speeds with intervals, and the published value or direction beside each."""
    use_style()
    size = (WIDTH, 0.95 + ROW_HEIGHT * len(rows))
    figure, axes = plt.subplots(figsize=size)
    figure.subplots_adjust(left=0.43, right=0.985, top=1 - 0.1 / size[1], bottom=0.72 / size[1])
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for place, row in enumerate(records(rows)):
        _draw_row(axes, place, row)
    axes.set_yticks(range(len(rows)), [f"{row['study']}, {row['sample']}" for row in records(rows)])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("Speed of convergence, % a year (below zero: incomes diverge)")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _draw_key(figure)
    return Artwork(figure, rows, _describe(rows))


def _draw_row(axes: Axes, place: int, row: Row) -> None:
    axes.axhline(place + 0.5, color=PALE, linewidth=0.6, zorder=0)
    if not is_missing(row["conf_low"]) and not is_missing(row["conf_high"]):
        axes.hlines(place, row["conf_low"], row["conf_high"], color=INK, linewidth=1.3)
    axes.plot([row["estimate"]], [place], "o", color=INK, markersize=4.2, zorder=4)
    if not is_missing(row["value"]):
        axes.plot([row["value"]], [place], "D", color=THEIRS, markersize=4.4, zorder=5)
        return
    marker = ARROWS.get(str(row["direction"]), "")
    side = 0.985 if marker == ">" else 0.015
    axes.plot([side], [place], marker, color=THEIRS, markersize=5, transform=axes.get_yaxis_transform(), zorder=5)


def _draw_key(figure: Figure) -> None:
    keys = [
        Line2D([], [], color=INK, marker="o", label="ours, with interval"),
        Line2D([], [], color=THEIRS, marker="D", linestyle="", label="published value"),
        Line2D([], [], color=THEIRS, marker=">", linestyle="", label="published: converging"),
        Line2D([], [], color=THEIRS, marker="<", linestyle="", label="published: diverging"),
    ]
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0), handletextpad=0.5,
                  columnspacing=1.4, handlelength=1.6)  # fmt: skip


def _describe(rows: pd.DataFrame) -> str:
    parts = [
        f"{row['study']}, {row['sample']}: published {published(row['value'], row['value_high'], row['direction'])}"
        f"{' ' + unit_name(row['unit_of_measure']) if not is_missing(row['value']) else ''}, ours "
        f"{fixed(row['estimate'], 1)} {interval(row['conf_low'], row['conf_high'], 1)} in {row['window']}"
        for row in records(rows)
    ]
    return f"Speeds of convergence in percent a year beside published figures. {'; '.join(parts)}."
