"""F11: direct and indirect effects of spatial panels by weights and model, with intervals by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenfield.artifacts.figures.save import Artwork
from evenfield.artifacts.figures.style import FAINT, PALE, SOFT, WIDTH, series_mark, use_style
from evenfield.artifacts.numbers import fixed, interval, is_missing
from evenfield.artifacts.rows import only, pick, records
from evenfield.contracts.errors import ArtifactError

MODELS = ("slx", "sdm", "sdem")
PANELS = ("direct", "indirect")
OFFSET, ROW_HEIGHT = 0.26, 0.42
AT_BOUND = "end of range"


def effect_marks(estimates: pd.DataFrame, fit: Mapping[str, Any]) -> pd.DataFrame:
    """Return the effects that the figure shows, models at the end of their range without numbers."""
    spec = fit["specifications"][0]
    mine = only(estimates, spec_id=spec["id"], term=spec["regressors"][0])
    kept = ("estimate", "conf_low", "conf_high", "g_star", "mde", "unit_of_measure")
    rows = []
    for weights in fit["effective_neighbours"]:
        for model in MODELS:
            for effect in PANELS:
                found = pick(mine, w_id=weights, estimator=model, effect_type=effect)
                key = {"spec_id": spec["id"], "w_id": weights, "estimator": model, "effect_type": effect,
                       "term": spec["regressors"][0]}  # fmt: skip
                rows.append({**key, **{name: found.get(name) for name in kept}})
    frame = pd.DataFrame(rows)
    if frame["estimate"].isna().all():
        raise ArtifactError(f"no effects of specification {spec['id']}", "its rows in the spatial panel family",
                            "rerun the family or remove F11 from `figures`")  # fmt: skip
    return frame.astype(dict.fromkeys(kept[:-1], float))


def draw_spatial_effects(rows: pd.DataFrame, fit: Mapping[str, Any]) -> Artwork:
    """Draw a forest of effects: weights from top to bottom, one mark per model."""
    use_style()
    weights = list(fit["effective_neighbours"])
    size = (WIDTH, 0.95 + ROW_HEIGHT * len(weights))
    figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, width_ratios=(1.0, 1.35))
    figure.subplots_adjust(left=0.2, right=0.985, top=1 - 0.28 / size[1], bottom=0.72 / size[1], wspace=0.06)
    for axes, effect in ((left, "direct"), (right, "indirect")):
        _draw_panel(axes, only(rows, effect_type=effect), weights)
        axes.set_title(f"{effect.capitalize()} effect")
    unit = pick(rows.dropna(subset=["estimate"]))["unit_of_measure"]
    figure.supxlabel(f"{unit} per unit of: {fit['regressors'][rows['term'].iloc[0]]}", fontsize=7.5, y=0.26 / size[1])
    names = [f"{name.replace('_', ' ')}\n{fixed(fit['effective_neighbours'][name], 1)} effective" for name in weights]
    left.set_yticks(range(len(weights)), names)
    left.set_ylim(len(weights) - 0.5, -0.5)
    keys = [Line2D([], [], color=series_mark(i).colour, marker=series_mark(i).marker, label=model.upper())
            for i, model in enumerate(MODELS)]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0))
    return Artwork(figure, rows, _describe(rows, fit))


def _draw_panel(axes: Axes, rows: pd.DataFrame, weights: Sequence[str]) -> None:
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for place in range(len(weights) - 1):
        axes.axhline(place + 0.5, color=PALE, linewidth=0.6, zorder=0)
    for row in records(rows):
        order = MODELS.index(row["estimator"])
        height = weights.index(row["w_id"]) + (order - 1) * OFFSET
        mark = series_mark(order)
        if is_missing(row["estimate"]):
            axes.text(0.0, height, f" {row['estimator'].upper()}: {AT_BOUND}", color=SOFT, fontsize=5.5, va="center")
            continue
        axes.hlines(height, row["conf_low"], row["conf_high"], color=mark.colour, linewidth=1.2)
        axes.plot(row["estimate"], height, mark.marker, color=mark.colour, markersize=4.0, zorder=4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.03)


def _describe(rows: pd.DataFrame, fit: Mapping[str, Any]) -> str:
    main = fit["specifications"][0]
    told = [
        f"{row['effect_type']} {fixed(row['estimate'], 4)} {interval(row['conf_low'], row['conf_high'], 3)}"
        for row in records(only(rows, w_id=main["weights"], estimator=main["model"].lower()))
        if not is_missing(row["estimate"])
    ]
    shown = rows.dropna(subset=["estimate"])
    return (
        f"Direct and indirect effects of {fit['regressors'][main['regressors'][0]]} by weights and model with "
        f"intervals by unit. {main['model']} with {main['weights'].replace('_', ' ')} weights: {'; '.join(told)}. "
        f"{len(shown)} of {len(rows)} effects can be estimated; in the rest the spatial parameter is at the edge of "
        "its range."
    )
