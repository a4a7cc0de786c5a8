"""F21 and F22: deciding estimates in multiples of the smallest effect of interest, with power and influence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.answers.deciding import hypothesis_order, row_label
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, INK, PALE, SOFT, WIDTH, use_style
from evenfield.shared.tables.numbers import fixed, interval, is_missing
from evenfield.shared.tables.rows import records

AXIS = "multiples of the smallest effect of interest, positive as claimed (log scale beyond \u00b11)"
CLAIM = r"L\d"
ROW_HEIGHT, MARGIN = 0.19, 1.1


def draw_power(rows: pd.DataFrame, labels: Mapping[str, str]) -> Artwork:
    """Draw each deciding estimate with its interval, the band of no interest and the detectable effect."""
    shown = _shown(rows, labels)
    figure, axes = _canvas(shown)
    height = np.arange(len(shown))
    axes.hlines(height, shown["scaled_conf_low"], shown["scaled_conf_high"], color=INK, linewidth=1.2)
    axes.plot(shown["scaled_estimate"], height, "o", color=INK, markersize=3.6, linestyle="")
    axes.plot(shown["scaled_mde"], height, "|", color=ACCENT, markersize=7, markeredgewidth=1.4, linestyle="")
    keys: list[Any] = [
        Line2D([], [], color=INK, marker="o", markersize=3.6, label="estimate and interval"),
        Line2D([], [], color=ACCENT, marker="|", markersize=8, linestyle="", label="smallest detectable effect"),
        Patch(color=PALE, label="too small to be of interest"),
    ]
    _key(figure, keys)
    parts = [f"{row['name']}: {fixed(row['scaled_estimate'], 1)} "
             f"{interval(row['scaled_conf_low'], row['scaled_conf_high'], 1)}, detectable {fixed(row['scaled_mde'], 1)}"
             for row in records(shown)]  # fmt: skip
    return Artwork(figure, shown, _alt("Deciding estimates in multiples of the smallest effect of interest", parts))


def draw_influence(rows: pd.DataFrame, labels: Mapping[str, str]) -> Artwork:
    """Draw the range of each deciding estimate over samples without one unit."""
    shown = _shown(rows[rows["low"].notna()], labels)
    figure, axes = _canvas(shown)
    height = np.arange(len(shown))
    turns = shown["flips"].gt(0).to_numpy(bool)
    for mask, colour, line in ((~turns, INK, "-"), (turns, ACCENT, (0, (3.0, 1.2)))):
        part = shown[mask]
        axes.hlines(height[mask], part["scaled_low"], part["scaled_high"], color=colour, linewidth=2.2, linestyle=line)
        axes.plot(part["scaled_estimate"], height[mask], "o" if colour == INK else "D", color=colour, markersize=3.6,
                  linestyle="")  # fmt: skip
    keys: list[Any] = [
        Line2D([], [], color=INK, marker="o", markersize=3.6, label="range without one unit"),
        Line2D([], [], color=ACCENT, marker="D", linestyle=(0, (3.0, 1.2)), markersize=3.6,
               label="one unit can turn the sign"),
        Patch(color=PALE, label="too small to be of interest"),
    ]  # fmt: skip
    _key(figure, keys)
    parts = [
        f"{row['name']}: {fixed(row['scaled_low'], 1)} to {fixed(row['scaled_high'], 1)}" for row in records(shown)
    ]
    return Artwork(figure, shown, _alt("Range of the deciding estimates when one unit is left out", parts))


def _shown(rows: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    declared = ~rows["hypothesis"].str.match(CLAIM)
    there = hypothesis_order(rows[rows["scaled_estimate"].notna() & declared])
    names = [f"{row['hypothesis']} {row_label(row, labels)}" for row in records(there)]
    kept = ["hypothesis", "part", "period", "output_basis", "flips", "verdict", "estimate_id"]
    return there[[*kept, *(name for name in there.columns if name.startswith("scaled_"))]].assign(name=names)


def _canvas(shown: pd.DataFrame) -> tuple[Figure, Axes]:
    use_style()
    tall = MARGIN + ROW_HEIGHT * max(len(shown), 3)
    figure, axes = plt.subplots(figsize=(WIDTH, tall))
    figure.subplots_adjust(left=0.37, right=0.985, top=1 - 0.12 / tall, bottom=0.78 / tall)
    axes.axvspan(-1, 1, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xscale("symlog", linthresh=1.0, linscale=1.0)
    axes.set_yticks(range(len(shown)), list(shown["name"]))
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(AXIS)
    ticks = _ticks(shown)
    axes.set_xticks(ticks, [fixed(tick, 0) for tick in ticks])
    axes.set_xticks([], minor=True)
    for place in [i for i in range(1, len(shown)) if shown["hypothesis"].iloc[i] != shown["hypothesis"].iloc[i - 1]]:
        axes.axhline(place - 0.5, color=FAINT, linewidth=0.6, zorder=0)
    if shown.empty:
        axes.text(0.5, 0.5, "nothing to show yet", transform=axes.transAxes, ha="center", color=SOFT)
    return figure, axes


def _ticks(shown: pd.DataFrame) -> list[float]:
    numbers: list[float] = [abs(value) for name in shown.columns if name.startswith("scaled_")
                            for value in shown[name] if not is_missing(value)]  # fmt: skip
    steps = [step for step in (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0) if step <= max([*numbers, 3.0])]
    return [*(-step for step in reversed(steps)), 0.0, *steps]


def _key(figure: Figure, keys: Sequence[Any]) -> None:
    figure.legend(handles=list(keys), loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0))


def _alt(opening: str, parts: Sequence[str]) -> str:
    return f"{opening}. {'; '.join(parts)}." if parts else f"{opening}: nothing to show yet."
