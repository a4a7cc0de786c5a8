"""F21: deciding estimates in multiples of the smallest effect of interest, with what the design could see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, INK, PALE, SOFT, WIDTH, use_style
from evenfield.shared.tables.numbers import fixed, interval, is_missing
from evenfield.shared.tables.rows import records
from evenfield.topics.answers.table import deciding_rows

AXIS = "multiples of the smallest effect of interest, positive as claimed (log scale beyond \u00b11)"
CLAIM = r"L\d"
ROW_HEIGHT, MARGIN = 0.19, 1.1


def f21(facts: Facts) -> Artwork:
    """Draw each deciding estimate with its interval, the band of no interest and the detectable effect."""
    shown = _shown(deciding_rows(facts))
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
    parts = [
        f"{row['name']}: {fixed(row['scaled_estimate'], 1)} "
        f"{interval(row['scaled_conf_low'], row['scaled_conf_high'], 1)}, detectable {fixed(row['scaled_mde'], 1)}"
        for row in records(shown)
    ]
    return Artwork(figure, shown, _alt("Deciding estimates in multiples of the smallest effect of interest", parts))


FIGURES = {"F21": f21}


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    there = rows[rows["scaled_estimate"].notna() & ~rows["hypothesis"].str.match(CLAIM)].reset_index(drop=True)
    names = [f"{row['hypothesis']} {row['label']}" for row in records(there)]
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
    numbers: list[float] = [
        abs(value)
        for name in shown.columns
        if name.startswith("scaled_")
        for value in shown[name]
        if not is_missing(value)
    ]
    steps = [step for step in (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0) if step <= max([*numbers, 3.0])]
    return [*(-step for step in reversed(steps)), 0.0, *steps]


def _key(figure: Figure, keys: Sequence[Any]) -> None:
    figure.legend(handles=list(keys), loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0))


def _alt(opening: str, parts: Sequence[str]) -> str:
    return f"{opening}. {'; '.join(parts)}." if parts else f"{opening}: nothing to show yet."
