"""F12: what each unit sends to all others and receives from them, in the main spatial panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenfield.artifacts.figures.save import Artwork
from evenfield.artifacts.figures.style import FAINT, PALE, WIDTH, series_mark, use_style
from evenfield.artifacts.numbers import fixed
from evenfield.artifacts.rows import only, records
from evenfield.artifacts.units import in_words, short_name
from evenfield.contracts.errors import ArtifactError

LINES = (("sent", "sent to all others", 1), ("received", "received from all others", 2), ("own", "own (direct)", 0))
ROW_HEIGHT, NAMED = 0.145, 3


def reach_marks(reach: pd.DataFrame, fit: Mapping[str, Any], units: pd.DataFrame) -> pd.DataFrame:
    """Return effects by unit of the main model, weights and regressor, the largest sender first."""
    spec = fit["specifications"][0]
    wanted = {"spec_id": spec["id"], "w_id": spec["weights"], "estimator": spec["model"].lower(),
              "term": spec["regressors"][0]}  # fmt: skip
    mine = only(reach, **wanted)
    if mine.empty:
        raise ArtifactError(f"no effects by unit of specification {spec['id']}", "its rows in reach.csv",
                            "its spatial parameter is at the edge of its range: choose other main weights or remove "
                            "F12 from `figures`")  # fmt: skip
    named = mine.merge(units[["unit", "name"]], on="unit", how="left")
    order = named.assign(size=named["sent"].abs()).sort_values(["size", "unit"], ascending=[False, True])
    return order.drop(columns="size").reset_index(drop=True)


def draw_reach(rows: pd.DataFrame, fit: Mapping[str, Any]) -> Artwork:
    """Draw one line per unit with a mark for what it sends, receives and has itself."""
    use_style()
    size = (WIDTH, 1.05 + ROW_HEIGHT * len(rows))
    figure, axes = plt.subplots(figsize=size)
    figure.subplots_adjust(left=0.2, right=0.97, top=1 - 0.1 / size[1], bottom=0.82 / size[1])
    _draw_lines(axes, rows)
    outcome = fit["specifications"][0]["outcome"].replace("_", " ")
    axes.set_xlabel(f"{outcome} per unit of: {fit['regressors'][rows['term'].iloc[0]]}")
    keys = [Line2D([], [], color=series_mark(i).colour, marker=series_mark(i).marker, linestyle="", label=label)
            for _, label, i in LINES]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.55, 0.0))
    return Artwork(figure, rows, _describe(rows, fit))


def _draw_lines(axes: Axes, rows: pd.DataFrame) -> None:
    height = np.arange(len(rows))
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.hlines(height, rows[["sent", "received"]].min(axis=1), rows[["sent", "received"]].max(axis=1), color=PALE,
                linewidth=1.6, zorder=0)  # fmt: skip
    for column, _, i in LINES:
        mark = series_mark(i)
        axes.plot(rows[column], height, mark.marker, color=mark.colour, markersize=3.8, linestyle="", zorder=3)
    axes.set_yticks(height, rows["name"].fillna(rows["unit"].map(short_name)), fontsize=6.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _describe(rows: pd.DataFrame, fit: Mapping[str, Any]) -> str:
    spec = fit["specifications"][0]
    first = [f"{row['name']} {fixed(row['sent'], 4)}" for row in records(rows.head(NAMED))]
    return (
        f"Effects of {fit['regressors'][spec['regressors'][0]]} by unit, {spec['model']} with "
        f"{spec['weights'].replace('_', ' ')} weights: sent to all others, received from them, and own. Largest sent: "
        f"{in_words(first)}. The pattern over units follows from the weights and from a few "
        "coefficients."
    )
